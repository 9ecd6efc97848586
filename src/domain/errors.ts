/**
 * What is thrown when the person cannot mend it on the page. Each class has a literal code; the text comes from the
 * catalogue (`error.<code>`), never from here. What a person can mend is a return value instead.
 */
export type FailureCode =
  | 'not_found'
  | 'forbidden'
  | 'conflict'
  | 'another_account'
  | 'sign_in_required'
  | 'recent_sign_in_required'
  | 'rate_limited'
  | 'invalid'
  | 'unavailable'
  | 'maintenance';

export abstract class Failure extends Error {
  abstract readonly code: FailureCode;
  abstract readonly status: number;
}

export class NotFound extends Failure {
  readonly code = 'not_found';
  readonly status = 404;
}

export class Forbidden extends Failure {
  readonly code = 'forbidden';
  readonly status = 403;
}

/** A unique value is taken. `unique` names which one (`id`, or a name from the collection's shape). */
export class Conflict extends Failure {
  readonly code = 'conflict';
  readonly status = 409;
  readonly unique: string;

  constructor(unique: string) {
    super(`the ${unique} is taken`);
    this.unique = unique;
  }
}

/** A form was shown to one account and sent under another, which has signed in since in the same browser. */
export class AnotherAccount extends Failure {
  readonly code = 'another_account';
  readonly status = 409;
}

export class SignInRequired extends Failure {
  readonly code = 'sign_in_required';
  readonly status = 401;
}

export class RecentSignInRequired extends Failure {
  readonly code = 'recent_sign_in_required';
  readonly status = 401;
}

export class RateLimited extends Failure {
  readonly code = 'rate_limited';
  readonly status = 429;
  /** Seconds until another try makes sense. */
  readonly retryAfter: number;

  constructor(retryAfter: number) {
    super('too many tries');
    this.retryAfter = retryAfter;
  }
}

/** A request that no honest page of ours sends: wrong types, too large, doubled fields. */
export class Invalid extends Failure {
  readonly code = 'invalid';
  readonly status: number = 400;
}

/** The same, of a body that is larger than anything that is taken here. */
export class TooLarge extends Invalid {
  override readonly status = 413;
}

/** Storage or another thing that is needed does not answer. */
export class Unavailable extends Failure {
  readonly code: 'unavailable' | 'maintenance' = 'unavailable';
  readonly status = 503;
  readonly retryAfter: number;

  constructor(message: string, options?: ErrorOptions & { retryAfter?: number }) {
    super(message, options);
    this.retryAfter = options?.retryAfter ?? 2;
  }
}

/** The operator has closed the installation for a while: nothing is wrong, and nothing may be written. */
export class InMaintenance extends Unavailable {
  override readonly code = 'maintenance';

  constructor() {
    super('the installation is in maintenance', { retryAfter: 30 });
  }
}
