import { emptyPlace } from '../storage/places.ts';

/** An empty place for records, as a start is told of it: in variables, or in a configuration file. */
export interface RecordsPlace extends AsyncDisposable {
  env: Record<string, string>;
  yaml: string;
  options: object;
  /** Empty where nothing is kept in a folder. */
  data: string;
}

export async function openRecordsPlace(kind: string): Promise<RecordsPlace> {
  const { options, data, remove } = await emptyPlace(kind);
  const variables = Object.entries(options).map(([name, value]) => [
    `GATEHOUSE_STORAGE_RECORDS_${name.toUpperCase()}`,
    String(value),
  ]);
  const folder = data === '' ? {} : { data };

  return {
    options,
    data,
    env: {
      ...(Object.fromEntries(variables) as Record<string, string>),
      GATEHOUSE_STORAGE_RECORDS_KIND: kind,
      ...(data !== '' && { GATEHOUSE_DATA: data }),
    },
    yaml: JSON.stringify({ ...folder, storage: { records: { kind, ...options } } }),
    [Symbol.asyncDispose]: async () => await remove(),
  };
}
