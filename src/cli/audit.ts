import { printHead, readHead, type Fault, type FaultKind, type Verified } from '../operations/audit-verify.ts';
import { exitCodes, Usage, type Call, type Command } from './command.ts';
import { printJson } from './print.ts';

/** `audit verify`, of the whole chain: over the API the newest part of it is verified. */

export const auditVerify: Command = {
  words: 'audit verify',
  summary: 'checks that no event was changed, removed or put in since it was sealed',
  usage: '[--expect HEAD] [--json]',
  details: `
  --expect  a head that an earlier call printed, or that stands in the log as
            audit_sealed: shows too whether the end of the chain was cut off

  Ends with 0 when all that is sealed is as it was, else with 1. Events are
  sealed within about a quarter of an hour; of younger ones nothing is said.
  Keep the head elsewhere: whoever has the database could take away the end.
`,
  options: { expect: { type: 'string' }, json: { type: 'boolean' } },
  positionals: { least: 0, most: 0 },
  onExisting: true,
  async run(call) {
    const { io, values } = call;
    const expect = typeof values['expect'] === 'string' ? readHead(values['expect']) : undefined;
    if (values['expect'] !== undefined && !expect) throw new Usage('--expect is a head as audit verify prints it.');

    const services = await call.services();
    const found = await services.auditVerify.verify({ expect, told: teller(call) });

    if (values['json'] === true) printJson(io, verifiedDocument(found));
    else for (const line of linesOf(found)) io.out(`${line}\n`);

    return found.whole ? exitCodes.ok : exitCodes.failed;
  },
};

/** Milliseconds between two lines. */
const interval = 1000;

function teller({ io }: Call): (progress: { events: number; segment: number }) => void {
  let said = performance.now();

  return ({ events, segment }) => {
    const now = performance.now();
    if (now - said < interval) return;

    said = now;
    io.err(`verified ${events.toLocaleString('en')} events, up to segment ${segment}\n`);
  };
}

const words: Readonly<Record<FaultKind, (fault: Fault) => string>> = {
  changed: () => 'events were changed',
  missing: ({ sealed = 0, found = 0 }) => `${sealed - found} of ${sealed} events are missing`,
  inserted: ({ sealed = 0 }) => `there are more than the ${sealed} events that were sealed`,
  hidden: () => 'events are there that pages and exports do not read, or read elsewhere',
  'segment-changed': () => 'the segment itself was changed',
  'segment-missing': () => 'the segment is missing',
  unlinked: () => 'it does not continue the segment before it',
  'another-key': () => 'it was sealed under another secrets.hash_key, so nothing can be said of it',
  'cut-off': () => 'it was expected, and the chain ends before it',
  replaced: () => 'it is not the one that was expected',
  'removal-unproved': () => 'up to here events were removed as too old, and what was sealed of them did not hold',
  misdated: ({ found = 0 }) => `${found} events claim another time than they were made at`,
};

function sentence(fault: Fault): string {
  const { kind, segment, from, until } = fault;
  const when = from === undefined || until === undefined ? '' : ` (${moment(from)} to ${moment(until)})`;
  const where = segment === undefined ? 'not sealed yet' : `segment ${segment}${when}`;

  return `${where}: ${words[kind](fault)}`;
}

function linesOf({
  segments,
  events,
  from,
  until,
  head,
  open,
  removed,
  sealedLate,
  expected,
  faults,
}: Verified): string[] {
  const span = from === undefined || until === undefined ? '' : `, ${moment(from)} to ${moment(until)}`;

  return [
    ...faults.map((fault) => `BAD  ${sentence(fault)}`),
    `${faults.length === 0 ? 'ok  ' : 'read'} ${segments} segments with ${events} events${span}`,
    ...(removed
      ? [`     before them: removed as too old, up to ${moment(removed.until)} (segment ${removed.number})`]
      : []),
    ...(expected === 'found' ? ['ok   the expected head is in the chain'] : []),
    ...(expected === 'removed' ? ['look the expected head was removed as too old: write down a newer one'] : []),
    ...(expected === undefined
      ? ['look without --expect it can’t be seen whether the end of the chain was cut off']
      : []),
    ...(sealedLate
      ? [
          `look ${sealedLate.segments} segments from ${sealedLate.first} on were sealed long after what is in them: no server ran then, or newer ones were taken away`,
        ]
      : []),
    `     ${open.events} events not sealed yet${open.oldest === undefined ? '' : `, since ${moment(open.oldest)}`}`,
    ...(open.late ? ['look events should be sealed within a quarter of an hour: is a server running?'] : []),
    ...(head ? [`head ${printHead(head)}`] : []),
  ];
}

function verifiedDocument({ from, until, head, open, removed, faults, ...rest }: Verified) {
  return {
    ...rest,
    ...(from !== undefined && { from: moment(from) }),
    ...(until !== undefined && { until: moment(until) }),
    ...(head && { head: printHead(head) }),
    open: { ...open, ...(open.oldest !== undefined && { oldest: moment(open.oldest) }) },
    ...(removed && { removed: { segment: removed.number, until: moment(removed.until) } }),
    faults: faults.map((fault) => ({ ...fault, ...timesOf(fault), says: sentence(fault) })),
  };
}

function timesOf({ from, until }: Fault) {
  return {
    ...(from !== undefined && { from: moment(from) }),
    ...(until !== undefined && { until: moment(until) }),
  };
}

function moment(at: number): string {
  return new Date(at).toISOString();
}
