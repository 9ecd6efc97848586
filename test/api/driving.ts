/** As somebody would write it who has the generated file and nothing else of us. */
export const driving = `
import * as api from './gatehouse.ts';

const { ACCOUNT_KEY = '', ADMIN_KEY = '' } = process.env;
const as = (key: string) => ({ headers: { authorization: 'Bearer ' + key } });
const own = as(ACCOUNT_KEY);

const profile = await api.accountProfileGet(own);
if (profile.status !== 200) throw new Error(profile.data.detail);

const changed = await api.accountProfileUpdate({ displayName: 'Ana L' }, own);
if (changed.status !== 200) throw new Error(changed.data.detail);

const refused = await api.accountProfileUpdate({ task: 'x'.repeat(21) }, own);
if (refused.status !== 422) throw new Error('not refused');

const keys = await api.accountKeysList({}, own);
if (keys.status !== 200) throw new Error(keys.data.detail);

const activity = await api.accountActivityList({}, own);
if (activity.status !== 200) throw new Error(activity.data.detail);

const self = await api.adminSelfGet(as(ADMIN_KEY));
if (self.status !== 200) throw new Error(self.data.detail);

const none = await api.adminSelfGet();
if (none.status !== 401) throw new Error('let in');

const { id } = profile.data;
console.log(JSON.stringify({
  id,
  displayName: changed.data.displayName,
  refused: refused.data.errors,
  prefixes: keys.data.keys.map(({ prefix }) => prefix),
  self: self.data,
  unauthorized: [none.data.code, none.data.status],
  kinds: activity.data.events.map(({ kind }) => kind),
}));
`;

/** An administrator's day: an app and an account from their beginning to their end. */
export const administering = `
import * as api from './gatehouse.ts';

const opts = { headers: { authorization: 'Bearer ' + process.env['EVERY_KEY'] } };
const tagOf = ({ headers }: { headers: Headers }) => headers.get('etag') ?? '';

/** What was asked for, and nothing else. */
function is<A extends { status: number; headers: Headers }, S extends A['status']>(answer: A, status: S): Extract<A, { status: S }> {
  if (answer.status !== status) throw new Error(status + ' was expected: ' + JSON.stringify(answer));
  return answer as Extract<A, { status: S }>;
}

const metadata = { client_name: 'Wiki', redirect_uris: ['https://wiki.example.net/cb'] };
const named = { idempotencyKey: 'wiki' };
const created = is(await api.adminClientsCreate({ kind: 'web', metadata }, named, opts), 201);
const again = is(await api.adminClientsCreate({ kind: 'web', metadata }, named, opts), 201);
const { id } = created.data;
const read = is(await api.adminClientsGet(id, opts), 200);
const changed = { ...read.data.metadata, client_name: 'Wiki 2' };
const updated = is(await api.adminClientsUpdate(id, tagOf(read), { metadata: changed }, opts), 200);
const old = is(await api.adminClientsUpdate(id, tagOf(read), { metadata }, opts), 412);
is(await api.adminClientsSecretsRotate(id, tagOf(read), { overlap: 3600 }, {}, opts), 412);
const rotated = is(await api.adminClientsSecretsRotate(id, tagOf(updated), { overlap: 3600 }, { idempotencyKey: 'new' }, opts), 201);
const repeated = is(await api.adminClientsSecretsRotate(id, tagOf(updated), { overlap: 3600 }, { idempotencyKey: 'new' }, opts), 201);
if (rotated.data.secret === undefined || repeated.data.secret !== rotated.data.secret) throw new Error('two secrets');
const withSecrets = is(await api.adminClientsGet(id, opts), 200);
const revoked = is(await api.adminClientsRevoke(id, {}, opts), 201);
const { receipt } = is(await api.adminClientsReceiptsGet(id, revoked.data.receipt, opts), 200).data;
is(await api.adminClientsDisable(id, tagOf(withSecrets), opts), 412);
const off = is(await api.adminClientsDisable(id, tagOf(is(await api.adminClientsGet(id, opts), 200)), opts), 204);
const disabled = is(await api.adminClientsGet(id, opts), 200).data.disabled;
is(await api.adminClientsEnable(id, tagOf(off), opts), 204);
const enabled = is(await api.adminClientsGet(id, opts), 200).data.disabled;
is(await api.adminClientsDelete(id, opts), 204);
const deleted = (await api.adminClientsGet(id, opts)).status;

const ana = is(await api.adminAccountsCreate({ email: 'ana@example.net', displayName: 'Ana' }, {}, opts), 201);
const who = ana.data.id;
const locked = is(await api.adminAccountsLock(who, tagOf(ana), { reason: 'Lost laptop' }, opts), 200);
const seen = is(await api.adminAccountsGet(who, opts), 200);
const late = is(await api.adminAccountsUnlock(who, tagOf(ana), opts), 412);
const open = is(await api.adminAccountsUnlock(who, tagOf(locked), opts), 204);
const unlocked = is(await api.adminAccountsGet(who, opts), 200).data.status;
const invited = is(await api.adminAccountsInvitationsSend(who, { idempotencyKey: 'invite' }, opts), 200);
const role = is(await api.adminAccountsRoleSet(who, tagOf(open), { role: 'auditor' }, opts), 200);
const sessions = is(await api.adminAccountsSessionsList(who, { limit: 10 }, opts), 200);
is(await api.adminAccountsDelete(who, opts), 204);

console.log(JSON.stringify({
  client: {
    created: created.status,
    again: again.data.id === id && again.data.secret === created.data.secret ? 'the same' : 'another',
    updated: updated.status,
    old: old.status,
    rotated: rotated.status,
    secrets: withSecrets.data.secrets.length,
    revoked: revoked.status,
  },
  stopped: { disabled, enabled, deleted },
  receipt: { name: receipt.name, people: receipt.people, notices: receipt.notices },
  account: {
    status: seen.data.status,
    unlocked,
    old: late.status,
    role: role.data.role,
    invited: invited.status,
    sessions: sessions.data.count,
    gone: (await api.adminAccountsGet(who, opts)).status,
  },
  told: is(await api.adminAuditList({ limit: 100 }, opts), 200).data.events.map(({ kind }) => kind),
}));
`;
