import type { DeviceSession } from '../../src/domain/device-session.ts';
import type { Grant, RefreshFamily } from '../../src/domain/grant.ts';
import type { TestApp } from '../support/app.ts';

const minute = 60_000;
const ipad =
  'Mozilla/5.0 (iPad; CPU OS 15_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Mobile/15E148 Safari/604.1';

/** What can act for somebody, laid into the store as the protocol would have. `n`: the higher, the longer ago. */
export function layRows(of: () => Pick<TestApp, 'services' | 'clock'> & { wiki: string; backup: string }) {
  async function session(accountId: string, n: number, more: Partial<DeviceSession> = {}): Promise<void> {
    const { services, clock, wiki, backup } = of();
    const now = clock.now();

    await services.records.sessions.create({
      id: `${accountId.slice(0, 15)}-session-${String(n).padStart(5, '0')}`,
      cookieHash: `${accountId} ${n}`,
      accountId,
      payload: { authorizations: { [wiki]: {}, [backup]: {} } },
      userAgent: ipad,
      ip: '198.51.100.24',
      amr: ['pwd'],
      createdAt: now - n * minute,
      signedInAt: now - n * minute,
      lastAccessedAt: now - n * minute,
      expiresAt: now + 3_600_000,
      ...more,
    });
  }

  async function family(accountId: string, n: number, more: Partial<RefreshFamily> = {}): Promise<void> {
    const { services, clock, backup } = of();
    const now = clock.now();

    await services.records.refreshFamilies.create({
      id: `${accountId.slice(0, 15)}-family-${String(n).padStart(5, '0')}`,
      grantId: `${accountId.slice(0, 15)}-grant-${String(n).padStart(5, '0')}`,
      accountId,
      clientId: backup,
      current: '',
      previous: [],
      rotatedAt: 0,
      payload: { scope: 'openid offline_access' },
      createdAt: now - n * minute,
      lastUsedAt: now - n * minute,
      expiresAt: now + 3_600_000,
      ...more,
    });
  }

  /** Of a device without a browser. */
  async function deviceGrant(accountId: string, n: number, more: Partial<Grant> = {}): Promise<void> {
    const { services, clock, backup } = of();
    const now = clock.now();

    await services.records.grants.create({
      id: `${accountId.slice(0, 15)}-device-${String(n).padStart(5, '0')}`,
      accountId,
      clientId: backup,
      device: { ip: '', userAgent: '', scope: 'openid', refreshes: false, lasts: 600, tokenLasts: 600 },
      payload: {},
      consumed: [],
      createdAt: now - n * 1000,
      lastUsedAt: now,
      expiresAt: now + 3_600_000,
      ...more,
    });
  }

  return { session, family, deviceGrant };
}
