import type { App } from '../app.ts';
import { adviseConfig } from '../config/checks.ts';
import { printProblems } from '../config/problems.ts';
import type { Config } from '../config/schema.ts';
import { adviceOf, type Advice } from './advice.ts';
import { exitCodes, type Command, type Io } from './command.ts';
import { outboxSentence } from './doctor-messages.ts';
import { withSecrets } from './refused.ts';

/** `start`: serves until it is told to stop (SIGTERM, SIGINT), then finishes what is running. */
export const startCommand: Command = {
  words: 'start',
  summary: 'starts the server',
  usage: '',
  options: {},
  positionals: { least: 0, most: 0 },
  async run({ io, config }) {
    const stopped = firstSignal();
    const settings = config();
    const { startApp } = await import('../app.ts');
    const app = await withSecrets(settings, async (secrets, keyFile) => {
      const started = await startApp({ config: settings, secrets });
      greet(started, { keyFile, advice: await adviceOf(started.services), io });

      return started;
    });

    await stopped;
    if (mayHaveOthers(settings)) await app.leave();
    await app[Symbol.asyncDispose]();

    return exitCodes.ok;
  },
};

/** Whether other nodes can stand beside this one, for a proxy to turn to: on the embedded database there is one server. */
function mayHaveOthers({ mode, storage }: Config): boolean {
  return mode === 'production' && storage.records.kind !== 'sqlite';
}

/** Listened for from the beginning, so that a signal during the start is not lost; a second one ends the process at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };

    for (const signal of signals) process.on(signal, stop);
  });
}

const signals = ['SIGTERM', 'SIGINT'] as const;

interface Greeting {
  keyFile: string | undefined;
  advice: readonly Advice[];
  io: Io;
}

function greet({ config, setupUrl, demoUrl }: App, { keyFile, advice, io }: Greeting): void {
  const outbox = outboxSentence(config);
  const lines = [
    `Gatehouse answers at ${config.issuer} (${config.mode} mode).`,
    ...(keyFile === undefined
      ? []
      : [`What is secret in the database opens with ${keyFile}: keep a copy, apart from the backups.`]),
    ...(setupUrl === undefined ? [] : [`Nobody administers it yet. Within an hour, open: ${setupUrl}`]),
    ...(outbox === undefined ? [] : [outbox]),
    ...(demoUrl === undefined ? [] : [`A sample app to sign in to: ${demoUrl}`]),
  ];

  const stores = advice.filter(({ state }) => state !== 'good').map(({ message, mend }) => `- ${message} ${mend}\n`);

  io.err(`${lines.join('\n')}\n${printProblems(adviseConfig(config))}${stores.join('')}`);
}
