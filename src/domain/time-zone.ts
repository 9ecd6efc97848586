/** The person's time zone (IANA name), where the account's `zoneinfo` names one that exists. */
export function timeZoneOf(zoneinfo: unknown, otherwise = 'UTC'): string {
  return typeof zoneinfo === 'string' && isTimeZone(zoneinfo) ? zoneinfo : otherwise;
}

/** Whether it is a name, and of a time zone: an offset such as `+01:00` is none. */
export function isTimeZone(name: string): boolean {
  try {
    return (
      /^[A-Za-z]/.test(name) && new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
    );
  } catch (error) {
    if (error instanceof RangeError) return false;

    throw error;
  }
}
