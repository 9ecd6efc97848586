import { again, longestPause, type Client } from './client.ts';

/**
 * Begins anew where the driver has given up, until the function that it answers is called. The driver does so although
 * it is told to try for ever: behind Sentinels, when it hears of a fail-over while it asks for the new master (`end`);
 * on a Cluster, when connections of the time before end while it looks up where the nodes are (`close`).
 */
export function persevere(client: Client): () => void {
  let tries = 0;
  let timer: NodeJS.Timeout | undefined;

  const ready = (): void => {
    tries = 0;
  };

  const stopped = (): void => {
    clearTimeout(timer);
    tries += 1;
    // After `close` comes the driver's own next attempt, if there is one.
    timer = setTimeout(connect, client.status === 'end' ? again(tries) : 1.5 * longestPause);
  };

  function connect(): void {
    // Why it fails is told by the events; a failure is followed by another `end` or `close`.
    if (client.status === 'end' || client.status === 'close') client.connect().catch(() => undefined);
  }

  client.on('ready', ready);
  client.on('end', stopped);
  client.on('close', stopped);

  return () => {
    clearTimeout(timer);
    client.off('ready', ready);
    client.off('end', stopped);
    client.off('close', stopped);
  };
}
