/** Texts that a careless store mangles, confuses or takes for something else. */
export const oddTexts = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  '__proto__',
  'constructor',
  '$where',
  '$ne',
  'a.b',
  'a:b',
  'a/../b',
  'a\u0000',
  'a\u0000b',
  '%00',
  '*',
  '{}',
  'null',
  '1',
  '1.0',
  "'; DROP TABLE accounts; --",
  '\u00e9',
  'e\u0301',
  '\ufffd',
  '\u{1f600}',
  '\\ud800',
  '\u2028',
  'x'.repeat(10_000),
];

/** What no store can keep: half a surrogate pair, and what is no text at all (a query that came in as JSON). */
export const noTexts = ['\ud800', 'a\udc00b', { $ne: null }, ['a'], 1, null, undefined] as never[];
