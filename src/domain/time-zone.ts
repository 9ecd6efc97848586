/** The person's time zone (IANA name), where the account's `zoneinfo` names one that exists. */
export function timeZoneOf(zoneinfo: unknown): string {
  return typeof zoneinfo === 'string' && isTimeZone(zoneinfo) ? zoneinfo : 'UTC';
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;

    throw error;
  }
}
