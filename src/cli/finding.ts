/** One thing that the doctor has to say. */
export interface Finding {
  area:
    | 'configuration'
    | 'permissions'
    | 'storage'
    | 'keys'
    | 'clock'
    | 'administrators'
    | 'backups'
    | 'mail'
    /** Of an installation as it is seen from outside. */
    | 'outside'
    | 'certificate'
    | 'discovery'
    | 'headers'
    | 'cookies'
    | 'redirect'
    | 'host'
    | 'forwarded';
  state: 'good' | 'warning' | 'wrong';
  message: string;
  mend?: string;
}
