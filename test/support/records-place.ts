import { emptyFolder, emptyPlace } from '../storage/places.ts';

/** An empty place for records, as a start is told of it: in variables, or in a configuration file. */
export interface RecordsPlace extends AsyncDisposable {
  env: Record<string, string>;
  yaml: string;
}

export async function openRecordsPlace(kind: string): Promise<RecordsPlace> {
  const { options, data, remove } = await emptyPlace(kind);
  const variables = Object.entries(options).map(([name, value]) => [
    `GATEHOUSE_STORAGE_RECORDS_${name.toUpperCase()}`,
    String(value),
  ]);
  const folder = data === '' ? {} : { data };

  return {
    env: {
      ...(Object.fromEntries(variables) as Record<string, string>),
      GATEHOUSE_STORAGE_RECORDS_KIND: kind,
      ...(data !== '' && { GATEHOUSE_DATA: data }),
    },
    yaml: JSON.stringify({ ...folder, storage: { records: { kind, ...options } } }),
    [Symbol.asyncDispose]: async () => {
      await remove();
    },
  };
}

/** The same with a data folder of its own for all else, whatever the kind: a place to move to. */
export async function openHouse(kind: string): Promise<RecordsPlace> {
  await using opening = new AsyncDisposableStack();
  const { env, yaml } = opening.use(await openRecordsPlace(kind));
  const { path } = opening.use(await emptyFolder());
  const stack = opening.move();

  return {
    env: { GATEHOUSE_DATA: path, ...env },
    yaml: JSON.stringify({ data: path, ...(JSON.parse(yaml) as object) }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
