import type { Account } from '../domain/account.ts';
import type { Clock } from '../domain/clock.ts';
import type { Events } from '../events/writer.ts';
import { dataSections, type Section, type SectionsDeps } from './data-sections.ts';
import type { By } from './problems.ts';

/**
 * "Download my data": what is kept of a person as one JSON document, written while it is read: never more than a page of
 * a list is held, however long the lists are. What goes away in the middle leaves a document that nobody takes for whole.
 */
export interface DataExport {
  /** Writes down that it was asked for. What is answered reads as far as it is taken, and throws what storage does. */
  begin(account: Account, by: By): Promise<AsyncIterable<string>>;
}

export interface DataExportDeps extends SectionsDeps {
  events: Pick<Events, 'write'>;
  issuer: string;
  clock: Clock;
}

/** Raised when a reader of older documents would misunderstand a newer one. */
const version = 1;

export function createDataExport({ events, issuer, clock, ...deps }: DataExportDeps): DataExport {
  async function* document(account: Account): AsyncGenerator<string> {
    const about = { version, issuer, made_at: new Date(clock.now()).toISOString() };
    yield `{\n"about": ${JSON.stringify(about)}`;

    for (const section of dataSections(deps)) {
      yield `,\n${JSON.stringify(section.name)}: `;
      yield* written(section, account);
    }

    yield '\n}\n';
  }

  return {
    async begin(account, by) {
      await events.write('account.data_downloaded', { ...by, account });

      return document(account);
    },
  };
}

async function* written(section: Section, account: Account): AsyncGenerator<string> {
  if ('one' in section) {
    yield JSON.stringify(await section.one(account));
    return;
  }

  let before = '[\n';

  for await (const row of section.rows(account)) {
    yield before + JSON.stringify(row);
    before = ',\n';
  }

  yield before === '[\n' ? '[]' : '\n]';
}
