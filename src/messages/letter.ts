/** What a mail says, before it becomes plain text and HTML: all that a template has to know of either. */
export interface Letter {
  subject: string;
  heading: string;
  blocks: readonly Block[];
}

export type Block =
  | { kind: 'text'; text: string }
  /** Typed by the person, so it stands alone and large. */
  | { kind: 'code'; code: string }
  | { kind: 'facts'; facts: readonly Fact[] }
  /** `main`: what the mail is for. */
  | { kind: 'link'; text: string; url: string; main?: boolean }
  /** What begins here is about something else. */
  | { kind: 'heading'; text: string }
  | { kind: 'note'; text: string };

export interface Fact {
  name: string;
  value: string;
}

export const text = (words: string): Block => ({ kind: 'text', text: words });
export const note = (words: string): Block => ({ kind: 'note', text: words });
export const heading = (words: string): Block => ({ kind: 'heading', text: words });
export const code = (digits: string): Block => ({ kind: 'code', code: digits });
export const facts = (...all: readonly Fact[]): Block => ({ kind: 'facts', facts: all });
