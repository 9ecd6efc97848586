/** One thing that the doctor has to say. */
export interface Finding {
  area: 'configuration' | 'permissions' | 'storage' | 'keys' | 'clock' | 'administrators' | 'backups' | 'mail';
  state: 'good' | 'warning' | 'wrong';
  message: string;
  mend?: string;
}
