import { execFileSync } from 'node:child_process';

import { needs } from '../support/machine.ts';
import { startCaddy } from '../support/proxy.ts';
import { describeBehind } from './behind-proxy.contract.ts';
import { describeRetries } from './retries.contract.ts';

describeBehind('caddy', startCaddy);
describeRetries('caddy', startCaddy, { loses: losesForms });

/** Before 2.11.2, Caddy closed a body with the connection that was refused, and had nothing left to send to the next node. */
function losesForms(): string[] {
  const caddy = needs.caddy.find();
  // The suite is skipped then, and asks for its names all the same.
  if (caddy === undefined) return [];

  const said = execFileSync(caddy, ['version'], { encoding: 'utf8' });
  const [, major = 0, minor = 0, patch = 0] = /(\d+)\.(\d+)\.(\d+)/.exec(said)?.map(Number) ?? [];

  return major * 1_000_000 + minor * 1000 + patch < 2_011_002 ? ['POST'] : [];
}
