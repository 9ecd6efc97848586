/** What happens to a call of a store: `run` is the call itself, `name` what it is called (`clients.get`). */
export type Around = (run: () => Promise<unknown>, name: string) => Promise<unknown>;

/** A store whose every call goes through `around`, those of its collections too. */
export function intercepted<T extends object>(store: T, around: Around, within = ''): T {
  const inner = new Map<unknown, object>();

  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);

      if (typeof value === 'function') {
        return (...args: unknown[]) =>
          around(() => Promise.resolve(Reflect.apply(value, target, args) as unknown), `${within}${String(name)}`);
      }

      if (typeof value !== 'object' || value === null) return value;

      const known = inner.get(name) ?? intercepted(value, around, `${within}${String(name)}.`);
      inner.set(name, known);

      return known;
    },
  });
}
