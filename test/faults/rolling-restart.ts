import { startFront, type FrontNode } from '../support/front.ts';
import { openTraffic, trafficEnv, type Totals } from './traffic.ts';

/**
 * F4: two nodes behind nginx are restarted by turns while people and apps go on. nginx has no health checks (the open
 * source one has none): it learns of an end by what fails, and nobody may notice.
 */
export interface RestartOptions {
  restarts: number;
  /** Requests a second. */
  rate: number;
  told?: (line: string) => void;
}

export interface RestartResult extends Totals {
  restarts: number;
  /** From the signal to the end of the process, at most, in milliseconds. */
  longestEnd: number;
}

export async function restartUnderLoad(options: RestartOptions): Promise<RestartResult> {
  const { restarts, rate, told = () => undefined } = options;
  await using front = await startFront({ env: trafficEnv });
  const traffic = await openTraffic(front, { families: Math.max(8, rate / 10) });
  const running = traffic.start(rate);
  let longestEnd = 0;

  for (let n = 0; n < restarts; n += 1) {
    const node = front.nodes[n % 2] as FrontNode;
    const took = await end(node);

    longestEnd = Math.max(longestEnd, took);
    await node.start();
    told(`restart ${n + 1}: ended in ${Math.round(took)} ms`);
  }

  return { restarts, longestEnd, ...(await running.stop()) };
}

async function end(node: FrontNode): Promise<number> {
  const began = performance.now();

  node.kill('SIGTERM');
  const code = await node.exited();
  if (code !== 0) throw new Error(`the node ended with ${code}: ${node.log().slice(-2000)}`);

  return performance.now() - began;
}
