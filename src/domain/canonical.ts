/** JSON with the names of every object in order, so that two stores' ways to keep a document make no difference. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;

  const members = value as Record<string, unknown>;
  const texts = Object.keys(members)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonical(members[name])}`);

  return `{${texts.join(',')}}`;
}
