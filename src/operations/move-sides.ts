import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { Events } from '../events/writer.ts';
import type { Records } from '../storage/records.ts';
import { MoveRefused, RestoreUnfinished } from '../storage/refusals.ts';
import { collectionOf, copied, isCopied } from './move-rows.ts';
import { changeStanding, standingOf, type SettingsOnly, type Standing } from './standing.ts';

/** A store that is copied from or to. */
export interface Side {
  records: Records;
  /** In words, without secrets: `sqlite in /var/lib/gatehouse`. */
  label: string;
  /** No other process can have it open to serve: this one holds it. */
  alone: boolean;
}

export interface Sides {
  source: Side;
  target: Side;
}

/** Names the installation, wherever it moves. */
const installationSetting = 'installation';

/** Made on the first move; one of many in parallel makes it. */
export async function installationOf({ settings }: SettingsOnly, clock: Clock): Promise<string> {
  const known = await knownInstallation({ settings });
  if (known !== undefined) return known;

  try {
    await settings.create({ id: installationSetting, value: newId(), updatedAt: clock.now() });
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }

  return installationOf({ settings }, clock);
}

async function knownInstallation({ settings }: SettingsOnly): Promise<string | undefined> {
  const row = await settings.get(installationSetting);

  return typeof row?.value === 'string' ? row.value : undefined;
}

/**
 * Whether the one may be copied to the other: the target is empty, or holds what an earlier attempt of this very source
 * left there, which is answered. Nothing is written. Throws MoveRefused.
 */
export async function checkSides({ source, target }: Sides): Promise<{ id: string; installation: string } | undefined> {
  const [here, there] = [await standingOf(source.records), await standingOf(target.records)];
  const installation = await knownInstallation(source.records);

  if (here.state === 'restoring') throw new RestoreUnfinished(here.madeAt);
  if (here.state === 'arriving') {
    throw new MoveRefused(`${source.label} is itself a copy that is not finished: move from where it came from.`);
  }

  const begun = there.state === 'arriving' ? there : undefined;

  if (begun && begun.source !== installation) {
    throw new MoveRefused(
      `${target.label} holds an unfinished copy of another installation (${begun.from}): name an empty place.`,
    );
  }

  checkWay(here, begun?.move);

  if (begun && installation !== undefined) return { id: begun.move, installation };

  await checkEmpty(target);

  return undefined;
}

/** A source that is being moved, or was, goes to that one place. */
function checkWay(here: Standing, move: string | undefined): void {
  if ((here.state !== 'moving' && here.state !== 'moved') || here.move === move) return;

  throw new MoveRefused(
    here.state === 'moved'
      ? `It was moved to ${here.to} at ${new Date(here.at).toISOString()}: nothing is left to do. To move it elsewhere, ` +
          'first take that back: gatehouse move --undo'
      : `It is being moved to ${here.to}: name that again to finish it, or take it back: gatehouse move --undo`,
  );
}

/** Throws MoveRefused. */
export async function checkEmpty({ records, label }: Pick<Side, 'records' | 'label'>): Promise<void> {
  for (const name of copied) {
    const { rows } = await collectionOf(records, name).scan({ limit: 2 });

    if (rows.some((row) => isCopied(name, row))) {
      throw new MoveRefused(`${label} is in use (it holds ${name}): name a place with nothing in it.`);
    }
  }
}

export interface UndoDeps {
  source: Side;
  clock: Clock;
  /** Of the source. */
  events: Pick<Events, 'write'>;
}

/** Opens a source again that is being moved or was. Answers where to, in words. Throws MoveRefused. */
export async function undoMove({ source, clock, events }: UndoDeps): Promise<string> {
  let to = '';

  await changeStanding(source.records, clock, (old) => {
    if (old.state !== 'moving' && old.state !== 'moved') {
      throw new MoveRefused(`${source.label} was not moved: there is nothing to take back.`);
    }

    to = old.to;

    return { state: 'open' };
  });
  await events.write('storage.move_undone', { actor: 'command-line', details: { to } });

  return to;
}
