import { isCommon } from './common-passwords.ts';
import { fold, period } from './password-patterns.ts';
import { codePoints, isTooLong, readPassword } from './password-text.ts';

export type PasswordProblemKey =
  | 'problem.passwordTooShort'
  | 'problem.passwordTooLong'
  | 'problem.passwordNotText'
  | 'problem.passwordCommon'
  | 'problem.passwordSimple'
  | 'problem.passwordPersonal';

export interface PasswordProblem {
  key: PasswordProblemKey;
  /** `{min}`, `{max}` */
  values?: Readonly<Record<string, number>>;
}

/**
 * What a new password must be: long, not common, not simple, not about its owner. No composition rules and no forced
 * change (S63, S66; NIST SP 800-63B-4 section 3.1.1.2).
 */
export interface PasswordPolicy {
  /** Empty: the password may be used. The gravest problem comes first. */
  check(password: string, whose: PasswordOwner): Promise<PasswordProblem[]>;
  /** In code points: what pages say beside the field. */
  minimumLength(secondFactor: boolean): number;
  /** Whether it is long enough only beside a second factor. */
  isShort(password: string): boolean;
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

/** Below this, what is left when runs count once can be tried in no time. */
const leastFolded = 6;
/** A unit shorter than this is no better for being repeated. */
const leastPeriod = 8;
/** Shorter names occur in too many words to be refused inside a password. */
const shortestName = 4;

export function createPasswordPolicy(options: PasswordPolicyOptions): PasswordPolicy {
  const { minimumLength, minimumLengthWithSecondFactor, maximumLength, productName } = options;
  const minimum = (secondFactor: boolean) => (secondFactor ? minimumLengthWithSecondFactor : minimumLength);

  return {
    minimumLength: minimum,
    isShort: (password) => lengthOf(password, readPassword(password, maximumLength)) < minimum(false),

    async check(password, whose) {
      if (isTooLong(password, maximumLength)) {
        return [{ key: 'problem.passwordTooLong', values: { max: maximumLength } }];
      }

      const text = readPassword(password, maximumLength);
      if (text === undefined) return [{ key: 'problem.passwordNotText' }];

      const problems: PasswordProblem[] = [];
      const least = minimum(whose.secondFactor);

      if (lengthOf(password, text) < least) {
        problems.push({ key: 'problem.passwordTooShort', values: { min: least } });
      }

      if (await isCommon(text)) problems.push({ key: 'problem.passwordCommon' });
      else if (isSimple(text)) problems.push({ key: 'problem.passwordSimple' });

      if (namesOf(whose, productName).some((name) => comparable(text).includes(name))) {
        problems.push({ key: 'problem.passwordPersonal' });
      }

      return problems;
    },
  };
}

/** NFKC makes eighteen characters of some single ones: neither count alone says what was typed. */
function lengthOf(typed: string, text = ''): number {
  return Math.min(codePoints(typed), codePoints(text));
}

function isSimple(text: string): boolean {
  const repeats = period(text) < text.length;

  return fold(text) < leastFolded || (repeats && period(text) < leastPeriod);
}

/** What a stranger would try first, S65: the service's name, the e-mail address and its local part, the person's names. */
export function namesOf(whose: Pick<PasswordOwner, 'email' | 'names'>, productName: string): string[] {
  const localPart = whose.email.slice(0, whose.email.lastIndexOf('@'));
  const given = [productName, ...whose.names, whose.email, localPart, ...localPart.split(/[.+_-]/)];

  return given.map(comparable).filter((name) => codePoints(name) >= shortestName);
}

/** In the form in which names are looked for. */
export function comparable(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/gu, '');
}
