/** What a backend says of its own options. `message` goes on where the option's name ends: 'must not be set beside url.' */
export interface Remark {
  option: string;
  message: string;
  mend: string;
}

/** What an open store says of the server behind it, in words for whoever runs it. */
export interface Advice {
  state: 'good' | 'warning' | 'wrong';
  message: string;
  mend?: string;
}
