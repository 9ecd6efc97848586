import { existsSync, rmSync } from 'node:fs';

import type { Place } from '../support/process.ts';

/** `gatehouse backup` and `gatehouse restore`, ended by SIGKILL while they are at it. */
interface Killed {
  file: string;
  env: Record<string, string>;
}

/** A backup that was not finished is none: nothing is there under its name. */
export async function killedBackup(place: Place, { file, env }: Killed): Promise<string[]> {
  await using making = place.begin(['backup', file], env);
  await making.says((err) => err.includes('writing '));
  await making.kill();

  // It was faster than the kill: that shows nothing.
  if ((await making.exit) === 0) {
    rmSync(file);
    return await killedBackup(place, { file, env });
  }

  return existsSync(file) ? ['a backup that was killed has left a file'] : [];
}

/** A store that was not restored whole serves nobody. */
export async function killedRestore(place: Place, { file, env }: Killed): Promise<string[]> {
  await using restoring = place.begin(['restore', file], env);
  await restoring.says((err) => err.includes('restoring '));
  await restoring.kill();

  const { code, err } = await place.run(['start'], { env });
  const refused = code === 75 && err.includes('run the same gatehouse restore again');

  return refused ? [] : [`half restored, a server ends with ${code}: ${err}`];
}
