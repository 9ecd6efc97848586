/** A small city database in MaxMind's format (https://maxmind.github.io/MaxMind-DB/), for IPv4 networks. */
type Value = string | number | { [name: string]: Value } | Value[];

const [text, whole, map, list] = [2, 6, 7, 11];

export function cityDatabase(networks: Readonly<Record<string, Value>>): Buffer {
  const data: Buffer[] = [];
  const nodes: [number | undefined, number | undefined][] = [[undefined, undefined]];
  const found: { node: number; bit: 0 | 1; offset: number }[] = [];

  for (const [network, value] of Object.entries(networks)) {
    const [address = '', length = '32'] = network.split('/');
    const bits = address.split('.').flatMap((part) => Array.from(Number(part).toString(2).padStart(8, '0'), Number));
    let node = 0;

    for (const bit of bits.slice(0, Number(length) - 1) as (0 | 1)[]) {
      const at = nodes[node] ?? [undefined, undefined];
      at[bit] ??= nodes.push([undefined, undefined]) - 1;
      node = at[bit];
    }

    found.push({ node, bit: bits[Number(length) - 1] === 1 ? 1 : 0, offset: Buffer.concat(data).length });
    data.push(encoded(value));
  }

  const count = nodes.length;
  for (const { node, bit, offset } of found) (nodes[node] ?? [])[bit] = count + 16 + offset;

  const tree = nodes.flatMap((pair) =>
    pair.map((record = count) => Buffer.from([record >> 16, (record >> 8) & 255, record & 255])),
  );
  const about = {
    node_count: count,
    record_size: 24,
    ip_version: 4,
    database_type: 'Test-City',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: 'for tests' },
  };

  return Buffer.concat([
    ...tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'),
    encoded(about),
  ]);
}

function encoded(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(text, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number')
    return Buffer.concat([control(whole, 4), Buffer.from(new Uint32Array([value]).buffer).reverse()]);
  if (Array.isArray(value)) return Buffer.concat([control(list, value.length), ...value.map(encoded)]);

  const entries = Object.entries(value);

  return Buffer.concat([
    control(map, entries.length),
    ...entries.flatMap(([name, each]) => [encoded(name), encoded(each)]),
  ]);
}

/** Sizes from 29 on take a second byte, kinds from 8 on too. */
function control(kind: number, size: number): Buffer {
  const [first, ...more] = size < 29 ? [size] : [29, size - 29];

  return Buffer.from(kind < 8 ? [(kind << 5) | (first ?? 0), ...more] : [first ?? 0, kind - 7, ...more]);
}
