import { z } from 'zod';

import { waitInWords } from '../domain/duration.ts';
import { digitsIn } from '../domain/typed-digits.ts';
import { undoPath } from '../operations/email-change.ts';
import type { EmailUndo, UndoFound } from '../operations/email-undo.ts';
import type { FormerProof } from '../operations/former-proofs.ts';
import { action, page, show, to, view, type MessageKey, type Outcome, type Route } from '../web/route.ts';

export interface UndoEmailDeps {
  emailUndo: EmailUndo;
}

export interface UndoEmailView extends Omit<UndoFound, 'waysIn'> {
  /** For the form's address: the secret stays where it came from. */
  secret: string;
  /** Undefined: there is nothing with which it could be proved. */
  by: FormerProof | undefined;
  others: FormerProof[];
}

export const undoEmailView = view<UndoEmailView>('account/undo-email', 'door', 'undo.title');

export interface UndoCodeView {
  /** Whether somebody came with a link that doesn't work any more. */
  ended: boolean;
}

export const undoCodeView = view<UndoCodeView>('account/undo-email-code', 'door', 'undo.codeTitle');

export const undoneView = view<object>('account/email-undone', 'door', 'undo.doneTitle');

const ended = (): Outcome => show(undoCodeView, { ended: true }, { status: 410 });

/**
 * Where the mail about a changed address leads. Opening it has no effect (programs follow links); the button needs what
 * was the person's before the change, signs everybody out and nobody in.
 */
export function undoEmailRoutes({ emailUndo }: UndoEmailDeps): Route[] {
  return [
    page(undoPath, undoEmailView, async ({ query }) => {
      const secret = query['code'];
      if (secret === undefined) return show(undoCodeView, { ended: false });

      const found = await emailUndo.find(secret);
      if (!found) return ended();

      const { waysIn, ...facts } = found;
      const by = chosen(waysIn, query['by']);

      return { ...facts, secret, by, others: waysIn.filter((one) => one !== by) };
    }),

    action(
      undoPath,
      z.object({ code: z.string().max(200).optional(), proofPassword: z.string().max(2000).optional() }),
      async ({ query, visitor }, { code = '', proofPassword = '' }, wrong) => {
        const secret = query['code'];
        if (secret === undefined) return typedCode(emailUndo, code, wrong);

        const found = await emailUndo.find(secret);
        const by = found && chosen(found.waysIn, query['by']);
        if (by === undefined) return ended();

        const field = by === 'password' ? 'proofPassword' : 'code';
        const text = by === 'password' ? proofPassword : code;
        if (text === '') return wrong({ [field]: 'problem.required' });

        const undone = await emailUndo.undo(secret, {
          by,
          text: by === 'authenticator' ? digitsIn(text) : text,
          from: visitor,
        });

        if (undone === 'ended') return ended();
        if (undone === 'locked') return wrong({ form: 'undo.locked' }, 429);
        if (undone === 'wrong') return wrong({ [field]: wrongKey[by] });
        if ('wait' in undone) {
          const time = waitInWords(undone.wait, visitor.locale);

          return wrong({ form: { key: 'contact.wait', values: { time } } }, 429);
        }

        return to(`${undoPath}/done`);
      },
    ),

    page(`${undoPath}/done`, undoneView, () => ({})),
  ];
}

const wrongKey: Readonly<Record<FormerProof, MessageKey>> = {
  password: 'undo.wrongPassword',
  authenticator: 'problem.codeWrong',
  'recovery-code': 'secondFactor.recoveryWrong',
};

function chosen(waysIn: readonly FormerProof[], wanted: string | undefined): FormerProof | undefined {
  return waysIn.find((one) => one === wanted) ?? waysIn[0];
}

/** The code beside the link, for whose link is broken: from here on it is as if they had followed it. */
async function typedCode(
  emailUndo: Pick<EmailUndo, 'find'>,
  code: string,
  wrong: (problems: { code: MessageKey }) => Outcome,
): Promise<Outcome> {
  const secret = code.replaceAll(/[^\p{L}\p{N}]/gu, '');

  return secret !== '' && (await emailUndo.find(secret))
    ? to(`${undoPath}?code=${encodeURIComponent(secret)}`)
    : wrong({ code: 'undo.codeUnknown' });
}
