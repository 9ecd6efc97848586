/** Where API keys stand, and where one is added or deleted. */

export const apiKeysPath = '/account/api-keys';
export const newApiKeyPath = `${apiKeysPath}/new`;
