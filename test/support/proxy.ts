import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as open } from 'node:tls';
import { fileURLToPath } from 'node:url';

import { freePort } from './app.ts';
import type { Connect } from './browser.ts';
import { found } from './machine.ts';
import { launchServer, type Child } from './process.ts';

/**
 * A real proxy in front of Gatehouse, with the example that operators are given (`config/proxies/`): only ports, paths
 * and the certificate are others. Inside `describeWith('nginx', …)` or `describeWith('caddy', …)`.
 *
 *     await using proxy = await startNginx(site, [node.port]);
 *     const browser = openBrowser(site.issuer, { connect: proxy.connect });
 */
export interface Proxy extends AsyncDisposable {
  connect: Connect & { ca: string };
  /** Where it answers plain HTTP. */
  httpPort: number;
  /** What it wrote to its log of requests. */
  requests(): Promise<string>;
}

/** The name is in the examples; the port is a free one, chosen before the nodes start, because it is in their issuer. */
export interface ProxySite {
  issuer: string;
  port: number;
}

export type StartProxy = (site: ProxySite, nodes: readonly number[]) => Promise<Proxy>;

/** For id.example.com, and whoever else does not look. */
export const testCertificate = () => ({ cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') });

const examples = fileURLToPath(new URL('../../config/proxies/', import.meta.url));
const certificate = fileURLToPath(new URL('certificate/certificate.pem', import.meta.url));
const key = fileURLToPath(new URL('certificate/key.pem', import.meta.url));

export async function openProxySite(): Promise<ProxySite> {
  const port = await freePort();

  return { issuer: `https://id.example.com:${port}`, port };
}

export const startNginx: StartProxy = async ({ port }, nodes) => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-nginx-'));
  const httpPort = await freePort();
  const log = join(folder, 'requests.log');
  const servers = nodes.map((node) => `server 127.0.0.1:${node} max_fails=1 fail_timeout=1s;`).join('\n');

  const site = replaceAll(await readFile(`${examples}nginx.conf`, 'utf8'), [
    [/(?: *server 10\.0\.0\.1\d:3000 max_fails=1 fail_timeout=1s;\n){2}/, `${servers}\n`],
    [/ *listen \[::\].*\n/g, ''],
    [/listen 443 /g, `listen 127.0.0.1:${port} `],
    [/listen 80\b/g, `listen 127.0.0.1:${httpPort}`],
    [/\/etc\/ssl\/id\.example\.com\/fullchain\.pem/, certificate],
    [/\/etc\/ssl\/id\.example\.com\/privkey\.pem/, key],
    [/\/var\/log\/nginx\/gatehouse\.log/, log],
  ]);

  // Its workers are another user's, and keep what does not fit into memory below this folder.
  await chmod(folder, 0o711);
  await writeFile(join(folder, 'site.conf'), site);
  await writeFile(join(folder, 'nginx.conf'), around(folder));

  const child = launchServer([found('nginx'), '-p', folder, '-c', join(folder, 'nginx.conf')], { env: {} });
  await accepts(port, child);

  return {
    connect: { port, ca: testCertificate().cert },
    httpPort,
    requests: () => readFile(log, 'utf8'),
    async [Symbol.asyncDispose]() {
      child.process.kill('SIGTERM');
      await child.exit;
      await rm(folder, { recursive: true });
    },
  };

  /** What Debian's nginx.conf has around a site, but below the folder and in the foreground. */
  function around(at: string): string {
    const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at}/${name};`);

    return `daemon off; worker_processes 2; pid ${at}/pid; error_log stderr warn;
      events { worker_connections 1024; }
      http { ${kept.join(' ')} access_log off; gzip on; include ${at}/site.conf; }`;
  }
};

export const startCaddy: StartProxy = async ({ issuer, port }, nodes) => {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-caddy-'));
  const httpPort = await freePort();
  const config = join(folder, 'Caddyfile');

  // Its own certificate authority instead of a public one; the example itself is not touched.
  await writeFile(
    config,
    `{\n admin off\n http_port ${httpPort}\n local_certs\n skip_install_trust\n}\nimport ${examples}Caddyfile\n`,
  );

  const child = launchServer([found('caddy'), 'run', '--config', config, '--adapter', 'caddyfile'], {
    env: {
      GATEHOUSE_ISSUER: issuer,
      GATEHOUSE_NODES: nodes.map((node) => `127.0.0.1:${node}`).join(' '),
      HOME: folder,
      XDG_DATA_HOME: folder,
    },
  });
  await accepts(port, child);

  return {
    connect: { port, ca: await readFile(join(folder, 'caddy/pki/authorities/local/root.crt'), 'utf8') },
    httpPort,
    requests: () => Promise.resolve(child.err()),
    async [Symbol.asyncDispose]() {
      child.process.kill('SIGTERM');
      await child.exit;
      await rm(folder, { recursive: true });
    },
  };
};

/** Every one of them has to be there: an example that was changed is not tested by accident as it was. */
function replaceAll(text: string, replacements: readonly (readonly [RegExp, string])[]): string {
  return replacements.reduce((sofar, [what, by]) => {
    if (sofar.search(what) === -1) throw new Error(`the example no longer has ${what.source}`);

    return sofar.replace(what, () => by);
  }, text);
}

/** Resolves once it has a certificate to show there. */
async function accepts(port: number, child: Child): Promise<void> {
  for (;;) {
    if (child.process.exitCode !== null)
      throw new Error(`the proxy ended with ${child.process.exitCode}: ${child.err()}`);

    const taken = await new Promise<boolean>((resolve) => {
      const socket = open({ host: '127.0.0.1', port, servername: 'id.example.com', rejectUnauthorized: false });

      socket.once('secureConnect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false));
    });

    if (taken) return;
  }
}
