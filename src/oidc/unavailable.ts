import Provider, { errors } from 'oidc-provider';

import { Invalid, Unavailable } from '../domain/errors.ts';
import type { UnitOfWork, Units } from './request.ts';

/** The failure of a store as the protocol library passes it on: never a `server_error`, never "not found" (S115). */
export class StoreUnavailable extends errors.OIDCProviderError {
  constructor(cause: unknown) {
    super(503, 'temporarily_unavailable', { cause });
    this.error_description = 'try again in a moment';
    this.expose = true;
    this.allow_redirect = false;
    delete this.error_detail;
  }
}

/** In the library's own words where it is the one that asked; a page of ours knows ours. */
function inItsWords(error: Invalid | Unavailable): Error {
  if (Provider.ctx === undefined) return error;

  return error instanceof Unavailable
    ? new StoreUnavailable(error)
    : new errors.InvalidRequest('a value holds characters that are no text');
}

/** Reads and writes on behalf of the protocol library, in the request's unit of work. */
export function reaching<T>(units: Units, work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
  return units.within(async (unit) => {
    try {
      return await work(unit);
    } catch (error) {
      if (!(error instanceof Invalid) && !(error instanceof Unavailable)) throw error;

      // The library swallows some failures: the answer is decided by this.
      if (error instanceof Unavailable) unit.notes.failure ??= error;

      throw inItsWords(error);
    }
  });
}
