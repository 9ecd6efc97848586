import { accountPage, signedIn, type Person } from './person.ts';

/** Reads through the door whether a person has what was acknowledged and nothing that was ended: what is not so, a line each. */
export async function readBack({ url }: { url: string }, { email, remembered, party }: Person): Promise<string[]> {
  const { sessions, displayName, password: secret, families, codes } = remembered;
  const lost: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) lost.push(`${email}: ${what}`);
  };

  for (const { browser, state } of sessions) {
    const page = await accountPage(browser);

    if (state === 'alive') expect(page !== undefined, 'a session that was acknowledged is gone');
    if (state === 'ended') expect(page === undefined, 'a session that was ended is alive');

    if (page !== undefined && displayName.is !== '') {
      const shown = [displayName.is, displayName.asked].some((name) => name !== undefined && page.html.includes(name));
      expect(shown, `the name is neither ${displayName.is} nor ${displayName.asked}`);
    }
  }

  const working: string[] = [];
  for (const tried of new Set([secret.is, ...(secret.asked === undefined ? [] : [secret.asked])])) {
    if (
      await signedIn(url, { email, password: tried }).then(
        () => true,
        () => false,
      )
    )
      working.push(tried);
  }
  expect(working.length === 1, `${working.length} passwords work`);

  // A retry that comes late, as after a slow start, is taken for theft and ends the grant (S28): those come after the rest.
  for (const { token, state, asked } of families.toSorted((a, b) => Number(a.asked) - Number(b.asked))) {
    const { status, text } = await party.refresh(token);

    if (state === 'revoked') expect(status === 400, 'a refresh token that was revoked works');
    if (state === 'alive' && !asked) expect(status === 200, `a refresh token is dead: ${text}`);
    // Whether its exchange was recorded or not, an honest retry soon after gets tokens or a plain refusal.
    if (asked) expect(status === 200 || status === 400, `a retry was answered ${status}: ${text}`);
  }

  // Last, because a code that comes again takes the grant with it.
  for (const code of codes) expect((await party.redeem(code)).status === 400, 'a code works twice');

  return lost;
}
