import { loadConfig } from '../../src/config/load.ts';
import { openSecrets } from '../../src/config/secrets.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { openServices, type Services } from '../../src/services.ts';

/** What commands work with, in this process, on the stores that the variables of a start name. */
export function servicesOn(env: Record<string, string>): Promise<Services> {
  const { config, problems } = loadConfig({ env });
  if (problems) throw new Error(problems.map(({ message }) => message).join('\n'));

  const { secrets, problems: missing } = openSecrets(config);
  if (missing) throw new Error(missing.map(({ message }) => message).join('\n'));

  return openServices({
    config,
    secrets,
    clock: systemClock,
    server: false,
    onError: (error) => {
      throw error;
    },
  });
}
