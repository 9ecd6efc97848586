import type { IDToken, UserInfoResponse } from 'openid-client';

/** The sample app's pages as text. They show on purpose what a real app keeps to itself: its tokens. */
export interface SampleSession {
  claims: IDToken;
  idToken: string;
  accessToken: string;
  refreshToken: string | undefined;
  userinfo: UserInfoResponse;
  /** Milliseconds; unset until the first refresh. */
  refreshedAt: number | undefined;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

function frame(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escape(title)}</title><link rel="stylesheet" href="/style.css"></head>
<body><main>${body}</main></body></html>`;
}

export function welcomePage(issuer: string): string {
  return frame(
    'Sample app',
    `<h1>Sample app</h1>
<p>An app like yours: it knows nothing about you until you sign in at <strong>${escape(new URL(issuer).host)}</strong>.</p>
<form method="post" action="/sign-in"><button class="primary">Sign in</button></form>`,
  );
}

export function homePage(session: SampleSession, issuer: string): string {
  const name = typeof session.claims['name'] === 'string' ? session.claims['name'] : session.userinfo.name;
  const refreshed =
    session.refreshedAt === undefined
      ? ''
      : `<p role="status">The tokens were refreshed at ${new Date(session.refreshedAt).toLocaleTimeString('en-GB')}.</p>`;

  return frame(
    'Signed in · Sample app',
    `<h1>Hello, ${escape(name ?? session.claims.sub)}</h1>
<p>You are signed in to the sample app. This is all that it got. Look after your account at <a href="${escape(issuer)}/account">${escape(new URL(issuer).host)}/account</a>.</p>
${refreshed}
<div class="buttons">
<form method="post" action="/refresh"><button class="primary"${session.refreshToken === undefined ? ' disabled' : ''}>Refresh the tokens</button></form>
<form method="post" action="/sign-out"><button>Sign out</button></form></div>
${section('ID token', 'Who you are and how you signed in, signed by the issuer.', session.claims)}
${section('Userinfo', 'What the access token may read.', session.userinfo)}
${tokenSection('ID token as sent', session.idToken)}
${tokenSection('Access token', session.accessToken)}
${session.refreshToken === undefined ? '' : tokenSection('Refresh token', session.refreshToken)}`,
  );
}

function section(title: string, lead: string, value: unknown): string {
  return `<section><h2>${title}</h2><p>${lead}</p><pre tabindex="0">${escape(JSON.stringify(value, null, 2))}</pre></section>`;
}

function tokenSection(title: string, token: string): string {
  return `<section><h2>${title}</h2><pre class="token" tabindex="0">${escape(token)}</pre></section>`;
}

export function failurePage(message: string): string {
  return frame(
    'That did not work · Sample app',
    `<h1>That did not work</h1><p>${escape(message)}</p><p><a href="/">Back to the sample app</a></p>`,
  );
}

export const style = `:root { color-scheme: light dark; --accent: light-dark(#7a3e9d, #d5a6f2); --line: light-dark(#dcd6e0, #3a3340); }
* { box-sizing: border-box; }
body { margin: 0; font: 400 15px/1.6 system-ui, sans-serif; background: light-dark(#faf8fb, #141117); color: light-dark(#1d1820, #ece7ef); }
main { max-width: 720px; margin: 0 auto; padding: 48px 20px 80px; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 8px; } h2 { font-size: 16px; margin: 32px 0 4px; }
a { color: var(--accent); }
button { font: inherit; font-weight: 550; min-height: 44px; padding: 8px 20px; border-radius: 8px; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button.primary { background: var(--accent); border-color: var(--accent); color: light-dark(#fff, #141117); }
button:disabled { opacity: 0.5; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.buttons { display: flex; gap: 12px; flex-wrap: wrap; margin-top: 20px; }
pre { margin: 8px 0 0; padding: 14px 16px; border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; font-size: 13px; }
pre.token { white-space: pre-wrap; overflow-wrap: anywhere; }
`;
