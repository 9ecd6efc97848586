/** Where everything that can act for the person stands, and where the end of each is confirmed. */

export const devicesPath = '/account/devices';
export const othersPath = `${devicesPath}/others`;
export const offlinePath = `${devicesPath}/offline`;
