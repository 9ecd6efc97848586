export type PasswordProblemKey =
  | 'problem.password_too_short'
  | 'problem.password_too_long'
  | 'problem.password_not_text'
  | 'problem.password_common'
  | 'problem.password_simple'
  | 'problem.password_personal';

export interface PasswordProblem {
  key: PasswordProblemKey;
  /** `{minimum}`, `{maximum}` */
  values?: Readonly<Record<string, number>>;
}

export interface PasswordPolicy {
  /** Empty: the password may be used. The gravest problem comes first. */
  check(password: string, whose: PasswordOwner): Promise<PasswordProblem[]>;
  /** In code points: what pages say beside the field. */
  minimumLength(secondFactor: boolean): number;
}

export interface PasswordOwner {
  email: string;
  /** First, last and display name. */
  names: readonly string[];
  secondFactor: boolean;
}

export interface PasswordPolicyOptions {
  minimumLength: number;
  minimumLengthWithSecondFactor: number;
  maximumLength: number;
  productName: string;
}

export declare function createPasswordPolicy(options: PasswordPolicyOptions): PasswordPolicy;
