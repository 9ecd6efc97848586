/**
 * Keeps the last `most` of what takes long to make. A formatter of Intl takes a hundred times as long to make as to use,
 * and a page of a list says hundreds of times and numbers.
 */
export function lastMade<T>(most: number): (key: string, make: () => T) => T {
  const kept = new Map<string, T>();

  return (key, make) => {
    const one = kept.get(key) ?? make();

    // The one that was used the longest ago goes first.
    kept.delete(key);
    if (kept.size >= most) kept.delete(kept.keys().next().value ?? '');
    kept.set(key, one);

    return one;
  };
}
