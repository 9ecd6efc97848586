import { hour, type CodeData, type Template } from './template.ts';
import type { MessageKey, Words } from './words.ts';

/**
 * Text messages. The code comes first, so that it stands in a notification; the last line lets browsers offer it on our
 * page and nowhere else (https://wicg.github.io/sms-one-time-codes/). No link: people are taught not to follow those.
 */
export interface Texts {
  /** To confirm a number. */
  'phone-code': CodeData;
  /** As a second factor. */
  'sign-in-code-text': CodeData;
}

type TextTemplates = { [Name in keyof Texts]: Template<Texts[Name], string> };

/** Characters of a message that is sent and paid as one: GSM 03.38, or UCS-2 where it has to be. */
const segment = { gsm: 160, ucs2: 70 };

/** GSM 03.38 without its extension table, whose characters count twice. */
const gsm = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/;

function codeText(key: MessageKey) {
  return ({ code }: CodeData, words: Words): string => {
    // Typographic quotes alone would halve what fits into one.
    const sentence = words.say(key, { code }).replaceAll(/[‘’]/g, "'").replaceAll(/[“”„]/g, '"');
    const origin = words.codeOrigin();
    const whole = origin === undefined ? sentence : `${sentence}\n\n@${origin} #${code}`;

    return isOneSegment(whole) ? whole : sentence;
  };
}

export function isOneSegment(text: string): boolean {
  return text.length <= (gsm.test(text) ? segment.gsm : segment.ucs2);
}

const text = {
  lives: ({ lives }: CodeData) => lives,
  newestOnly: true,
  atMost: { most: 5, within: hour },
} as const;

export const texts: TextTemplates = {
  'phone-code': { ...text, write: codeText('message.text.phoneCode') },
  'sign-in-code-text': { ...text, write: codeText('message.text.signInCode') },
};
