/** Where apps stand, and where something is done to one. */

export const clientsPath = '/admin/clients';
export const newClientPath = `${clientsPath}/new`;

type Doing = 'edit' | 'secret' | 'disable' | 'enable' | 'revoke' | 'delete';

export function clientPath(id: string, doing?: Doing): `/${string}` {
  return [clientsPath, encodeURIComponent(id), ...(doing === undefined ? [] : [doing])].join('/') as `/${string}`;
}

export function secretPath(id: string, secretId: string): `/${string}` {
  return `${clientPath(id)}/secrets/${encodeURIComponent(secretId)}`;
}

export function clientReceiptPath(id: string, receipt: string): `/${string}` {
  return `${clientPath(id)}/receipts/${encodeURIComponent(receipt)}`;
}
