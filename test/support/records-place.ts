import { emptyFolder, emptyPlace } from '../storage/places.ts';

/** An empty place for records, and a folder for all else, as a start is told of them: in variables, or in a file. */
export interface RecordsPlace extends AsyncDisposable {
  env: Record<string, string>;
  yaml: string;
}

export async function openRecordsPlace(kind: string): Promise<RecordsPlace> {
  await using opening = new AsyncDisposableStack();
  const { options, data, remove } = await emptyPlace(kind);
  opening.defer(async () => {
    await remove();
  });

  const folder = data === '' ? opening.use(await emptyFolder()).path : data;
  const variables = Object.entries(options).map(([name, value]) => [
    `GATEHOUSE_STORAGE_RECORDS_${name.toUpperCase()}`,
    String(value),
  ]);
  const stack = opening.move();

  return {
    env: {
      ...(Object.fromEntries(variables) as Record<string, string>),
      GATEHOUSE_STORAGE_RECORDS_KIND: kind,
      GATEHOUSE_DATA: folder,
    },
    yaml: JSON.stringify({ data: folder, storage: { records: { kind, ...options } } }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
