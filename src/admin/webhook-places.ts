/** Where webhooks stand, and where something is done to one. */

export const webhooksPath = '/admin/webhooks';
export const newWebhookPath = `${webhooksPath}/new`;

type Doing = 'edit' | 'secret' | 'disable' | 'enable' | 'delete' | 'test';

export function webhookPath(id: string, doing?: Doing): `/${string}` {
  return [webhooksPath, encodeURIComponent(id), ...(doing === undefined ? [] : [doing])].join('/') as `/${string}`;
}

export function deliveryPath(id: string, eventId: string): `/${string}` {
  return `${webhookPath(id)}/deliveries/${encodeURIComponent(eventId)}`;
}
