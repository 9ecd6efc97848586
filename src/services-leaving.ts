import type { Config } from './config/schema.ts';
import type { Clock } from './domain/clock.ts';
import { createActivity } from './events/activity.ts';
import type { Events } from './events/writer.ts';
import type { Messages } from './messages/messages.ts';
import { createClosing, type Closing } from './operations/closing.ts';
import type { PlaceOf } from './operations/circumstances.ts';
import { createDataExport, type DataExport } from './operations/data-export.ts';
import type { Endings } from './operations/endings.ts';
import type { Receipts } from './operations/receipts.ts';
import type { Records } from './storage/records.ts';
import type { Sealing } from './storage/sealing.ts';

/** The part of `services.ts` about how people leave: wiring, and nothing else. */
export interface LeavingServices {
  closing: Closing;
  dataExport: DataExport;
}

export interface LeavingServicesDeps {
  config: { issuer: string; account: Pick<Config['account'], 'closing_grace'> };
  records: Records;
  sealing: Sealing;
  events: Events;
  endings: Endings;
  messages: Pick<Messages, 'compose'>;
  receipts: Pick<Receipts, 'of'>;
  placeOf?: PlaceOf | undefined;
  clock: Clock;
}

export function openLeaving({ config, ...deps }: LeavingServicesDeps): LeavingServices {
  const { closing_grace: grace } = config.account;

  return {
    closing: createClosing({ ...deps, grace: grace === 'off' ? 0 : grace }),
    dataExport: createDataExport({ ...deps, issuer: config.issuer, activity: createActivity(deps) }),
  };
}
