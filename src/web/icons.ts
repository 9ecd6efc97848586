/** The names of the symbols in `views/partials/icons.svg`, which is checked to hold exactly these. */
export const iconNames = [
  'activity',
  'alert',
  'app',
  'apps',
  'arrow',
  'brand',
  'check',
  'download',
  'globe',
  'info',
  'key',
  'laptop',
  'lock',
  'mail',
  'passkey',
  'person',
  'phone',
  'server',
  'shield',
  'sign-out',
  'trash',
] as const;

export type IconName = (typeof iconNames)[number];
