import { asking, type Ask, type Asked, type Reach } from './outside-asking.ts';
import type { Finding } from './finding.ts';

/**
 * What the doctor says of an installation from outside: whether browsers and programs that come by its name are answered
 * as they should be, through whatever stands in front of it. It changes nothing and needs no key.
 */

/** Milliseconds. */
const day = 86_400_000;
const renewBefore = 14 * day;
const skewTolerance = 15_000;
/** A year in seconds: what browsers ask for to keep it for good. */
const longHsts = 31_536_000;
const mostRedirects = 5;

/** Names nobody (RFC 6761 section 6.4). */
const foreign = 'foreign.invalid';

export async function examineOutside(url: URL, reach?: Reach): Promise<Finding[]> {
  const ask = asking(reach);
  let discovery: Asked;

  try {
    discovery = await ask(at(url, '/.well-known/openid-configuration'));
  } catch (error) {
    return [notReached(url, error)];
  }

  const findings = [
    certificate(url, discovery),
    ...(await described(url, discovery, ask)),
    clock(discovery),
    await signInPage(url, ask),
    hsts(url, discovery),
    await plainly(url, ask),
    await byAnotherName(url, ask),
    await forwarded(url, discovery, ask),
  ];

  return findings.flat();
}

function at(url: URL, path: string): URL {
  return new URL(path, url.origin);
}

const good = (area: Finding['area'], message: string): Finding => ({ area, state: 'good', message });
const wrong = (area: Finding['area'], message: string, mend: string): Finding => ({
  area,
  state: 'wrong',
  message,
  mend,
});
const look = (area: Finding['area'], message: string, mend: string): Finding => ({
  area,
  state: 'warning',
  message,
  mend,
});

function notReached(url: URL, error: unknown): Finding {
  const { code = '', message } = error as { code?: string; message: string };
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);

  return isCertificate
    ? wrong(
        'certificate',
        `${url.host} shows a certificate that is not believed: ${message} (${code}).`,
        'Install one for this name from an authority that everybody knows, with the whole chain.',
      )
    : wrong('outside', `${url.origin} does not answer: ${message}.`, 'Check the name, the proxy and the firewall.');
}

function certificate({ protocol, hostname }: URL, { tls }: Asked): Finding {
  if (!tls) {
    const isHere = protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);

    return isHere
      ? good('certificate', 'No TLS: this is a loopback address.')
      : wrong('certificate', 'There is no TLS.', 'Give an https address, and put a proxy with TLS in front.');
  }

  const until = `until ${new Date(tls.validTo).toISOString()}`;
  if (tls.validTo - Date.now() < renewBefore) {
    return look('certificate', `It is valid ${until}.`, 'See to it that it is renewed.');
  }

  return good('certificate', `It is believed, with its chain, ${until} (${tls.protocol}).`);
}

async function described(url: URL, { status, body }: Asked, ask: Ask): Promise<Finding[]> {
  const document = json(body);
  const issuer = document?.['issuer'];
  const where = `${url.origin}/.well-known/openid-configuration`;
  if (status !== 200 || !document) {
    return [wrong('discovery', `${where} answers ${status} and no document.`, 'Check what stands in front.')];
  }
  if (issuer !== url.origin) {
    return [
      wrong(
        'discovery',
        `The issuer is ${String(issuer)}, and not ${url.origin}: apps refuse that.`,
        'Set issuer to the address by which everybody comes.',
      ),
    ];
  }

  const elsewhere = Object.entries(document).filter(
    ([name, value]) => /(?:_endpoint|_uri)$/.test(name) && !String(value).startsWith(`${url.origin}/`),
  );
  const names = elsewhere.map(([name]) => name).join(', ');

  return [
    elsewhere.length === 0
      ? good('discovery', `The issuer is ${url.origin}, and every endpoint is there.`)
      : wrong('discovery', `These are elsewhere: ${names}.`, 'Set issuer to the address by which everybody comes.'),
    await keySet(String(document['jwks_uri']), ask),
  ];
}

async function keySet(uri: string, ask: Ask): Promise<Finding> {
  try {
    const { status, body } = await ask(new URL(uri));
    const keys = json(body)?.['keys'];
    if (status !== 200 || !Array.isArray(keys) || keys.length === 0) {
      return wrong('keys', `${uri} answers ${status} and no keys.`, 'Check what stands in front.');
    }

    const isPrivate = keys.some((key: object) => ['d', 'p', 'q', 'k'].some((part) => part in key));
    return isPrivate
      ? wrong('keys', 'The key set holds private keys.', 'Replace the keys at once: gatehouse keys replace')
      : good('keys', `${keys.length} public keys are published.`);
  } catch (error) {
    return wrong('keys', `${uri} does not answer: ${(error as Error).message}.`, 'Check what stands in front.');
  }
}

function clock({ headers: { date } }: Asked): Finding {
  const skew = Date.parse(date ?? '') - Date.now();
  if (Number.isNaN(skew)) return look('clock', 'Answers have no Date.', 'Let the proxy leave the header alone.');

  const seconds = Math.round(Math.abs(skew) / 1000);
  // The header has whole seconds.
  return Math.abs(skew) > skewTolerance + 1000
    ? wrong('clock', `It is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine.`, 'Set both clocks (NTP).')
    : good('clock', 'It goes as the one of this machine.');
}

/** As a browser gets there: with its cookies, and every redirect within the installation. */
async function signInPage(url: URL, ask: Ask): Promise<Finding[]> {
  const cookies = new Map<string, string>();
  const set: string[] = [];
  let next = at(url, '/account');
  let page: Asked | undefined;

  try {
    for (let count = 0; count <= mostRedirects; count += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      page = await ask(next, cookie === '' ? {} : { cookie });

      for (const one of page.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(one) ?? [];
        cookies.set(name, value);
        set.push(one);
      }

      const { location } = page.headers;
      if (page.status < 300 || page.status >= 400 || location === undefined) break;
      next = new URL(location, next);
      if (next.origin !== url.origin) {
        return [wrong('headers', `Signing in leads to ${next.origin}.`, 'Set issuer to the address that people use.')];
      }
    }
  } catch (error) {
    return [wrong('headers', `No sign-in page: ${(error as Error).message}.`, 'Check what stands in front.')];
  }

  if (page?.status !== 200) {
    return [wrong('headers', `The sign-in page answers ${page?.status}.`, 'Look into the log of the server.')];
  }

  return [pageHeaders(page), cookieFlags(set, url.protocol === 'https:')];
}

function pageHeaders({ headers }: Asked): Finding {
  const policy = String(headers['content-security-policy'] ?? '');
  const missing = [
    ...(policy.includes("default-src 'none'") ? [] : ['Content-Security-Policy']),
    ...(policy.includes("frame-ancestors 'none'") ? [] : ["frame-ancestors 'none'"]),
    ...(headers['x-content-type-options'] === 'nosniff' ? [] : ['X-Content-Type-Options']),
    ...(headers['referrer-policy'] === 'no-referrer' ? [] : ['Referrer-Policy']),
    ...(/unsafe-(?:inline|eval)/.test(policy) ? ['a policy without unsafe sources'] : []),
  ];

  return missing.length === 0
    ? good('headers', 'The sign-in page has its security headers.')
    : wrong('headers', `The sign-in page lacks ${missing.join(', ')}.`, 'Let the proxy leave these headers alone.');
}

function cookieFlags(set: readonly string[], secure: boolean): Finding {
  const weak = set.filter(
    (one) =>
      !/;\s*httponly/i.test(one) || !/;\s*samesite=(?:lax|strict)/i.test(one) || (secure && !/;\s*secure/i.test(one)),
  );
  const names = [...new Set(weak.map((one) => one.split('=')[0]))].join(', ');

  return weak.length === 0
    ? good('cookies', `${secure ? 'Secure, HttpOnly' : 'HttpOnly'} and SameSite are set.`)
    : wrong('cookies', `These lack Secure, HttpOnly or SameSite: ${names}.`, 'Let the proxy leave Set-Cookie alone.');
}

function hsts({ protocol }: URL, { headers }: Asked): Finding[] {
  if (protocol !== 'https:') return [];

  const header = headers['strict-transport-security'];
  const [, seconds = '0'] = /max-age="?(\d+)/i.exec(header ?? '') ?? [];

  return Number(seconds) >= longHsts
    ? [good('headers', 'Strict-Transport-Security is set for a year or longer.')]
    : [
        wrong(
          'headers',
          header === undefined ? 'There is no Strict-Transport-Security.' : `It says only ${header}.`,
          'Let the proxy leave the header alone.',
        ),
      ];
}

/** The same name without TLS; of a port of its own nothing is known. */
async function plainly(url: URL, ask: Ask): Promise<Finding[]> {
  if (url.protocol !== 'https:' || url.port !== '') return [];

  try {
    const { status, headers } = await ask(new URL(`http://${url.hostname}/`));
    const { location = '' } = headers;

    return status >= 300 && status < 400 && location.startsWith(`${url.origin}/`)
      ? [good('redirect', 'What comes by http is sent to https.')]
      : [wrong('redirect', `What comes by http is answered ${status}.`, `Redirect it to ${url.origin}.`)];
  } catch {
    return [good('redirect', 'Nothing answers by http.')];
  }
}

async function byAnotherName(url: URL, ask: Ask): Promise<Finding> {
  const answer = await ask(at(url, '/.well-known/openid-configuration'), { host: foreign }).catch(() => undefined);
  if (answer === undefined) return good('host', 'By another name nobody answers.');

  return answer.status >= 400
    ? good('host', `By another name it answers ${answer.status}.`)
    : wrong('host', `By another name (${foreign}) it answers ${answer.status}.`, 'Pass the Host on as it comes.');
}

/** A claim of a stranger changes nothing of what is said. */
async function forwarded(url: URL, { body }: Asked, ask: Ask): Promise<Finding> {
  const claims = {
    'x-forwarded-host': foreign,
    'x-forwarded-proto': 'gopher',
    'x-forwarded-for': '192.0.2.1',
    forwarded: `for=192.0.2.1;host=${foreign};proto=gopher`,
  };
  const claimed = await ask(at(url, '/.well-known/openid-configuration'), claims).catch(() => undefined);

  return claimed === undefined || claimed.status >= 400 || claimed.body === body
    ? good('forwarded', 'What a stranger says of where they come from changes nothing of it.')
    : wrong('forwarded', 'Forwarded headers of strangers are believed.', 'Have the proxy throw them away.');
}

function json(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);

    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
