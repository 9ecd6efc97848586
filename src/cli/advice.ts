import type { Services } from '../services.ts';
import { isRefusal } from '../storage/refusals.ts';

type Store = Services['records'] | Services['ephemera'];

export type Advice = Awaited<ReturnType<NonNullable<Store['advice']>>>[number];

/** Whether the stores answer, and what they say about the servers behind them. */
export async function adviceOf({ records, ephemera }: Pick<Services, 'records' | 'ephemera'>): Promise<Advice[]> {
  const said = [...(await adviceOn(records)), ...(await adviceOn(ephemera))];

  return said.some(({ state }) => state === 'wrong')
    ? said
    : [{ state: 'good', message: 'Records and ephemera answer.' }, ...said];
}

async function adviceOn(store: Store): Promise<Advice[]> {
  try {
    await store.ready();

    return (await store.advice?.()) ?? [];
  } catch (error) {
    const mend = 'What needs it is answered 503 until it answers: start it, or correct the storage settings.';

    return [{ state: 'wrong', message: sentenceOf(error), ...(!isRefusal(error) && { mend }) }];
  }
}

/** What an error says, as a whole sentence. */
export function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);

  return /[.!?]$/.test(message) ? message : `${message}.`;
}
