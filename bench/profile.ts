import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Reads the V8 CPU profiles in a folder: where the server's main thread spent itself. */
interface CpuProfile {
  nodes: {
    id: number;
    callFrame: { functionName: string; url: string; lineNumber: number };
    children?: number[];
  }[];
  samples: number[];
  timeDeltas: number[];
}

interface Cost {
  self: number;
  total: number;
}

const shownLines = 40;

/** The functions with the most time of their own, then those of ours with the most in all, in percent of busy time. */
export async function topOfProfile(folder: string): Promise<string> {
  const [name] = (await readdir(folder))
    .filter((file) => file.endsWith('.cpuprofile'))
    .sort()
    .reverse();
  if (name === undefined) return `no profile in ${folder}`;

  const { costs, busy } = add(JSON.parse(await readFile(join(folder, name), 'utf8')) as CpuProfile);
  const line = ([place, cost]: [string, Cost]) => `${percent(cost.self, busy)} ${percent(cost.total, busy)}  ${place}`;
  const by = (field: keyof Cost) => [...costs].sort(([, a], [, b]) => b[field] - a[field]).slice(0, shownLines);

  return ['  self  total', ...by('self').map(line), '', '  self  total', ...by('total').map(line)].join('\n');
}

function add({ nodes, samples, timeDeltas }: CpuProfile): { costs: Map<string, Cost>; busy: number } {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const costs = new Map<string, Cost>();
  let busy = 0;

  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index] ?? 0;
    const place = places.get(id) ?? '';
    if (place === '(idle)' || place === '(program)') continue;

    busy += time;
    const onStack = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) onStack.add(places.get(at) ?? '');

    for (const frame of onStack) {
      const cost = costs.get(frame) ?? { self: 0, total: 0 };
      cost.total += time;
      if (frame === place) cost.self += time;
      costs.set(frame, cost);
    }
  }

  return { costs, busy };
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (url === '') return functionName;

  const root = fileURLToPath(new URL('../', import.meta.url));
  const file = url.startsWith('file:') ? fileURLToPath(url).replace(root, '') : url;

  return `${functionName || '(anonymous)'} ${file}:${lineNumber + 1}`;
}

function percent(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(1)}%`.padStart(6);
}
