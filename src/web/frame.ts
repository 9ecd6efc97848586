import type { Locale } from '../domain/account.ts';
import { Html } from './html.ts';
import type { IconName } from './icons.ts';
import type { CheckData, FieldData, PartialName, Partials } from './partials.ts';
import type { Renderer } from './render.ts';
import { isMessageKey, type MessageKey } from './locale.ts';
import type { FormState, Say } from './route.ts';
import { escape } from './templates.ts';
import { exactTime, relativeTime } from './times.ts';

/** What every template finds under `v`, beside the data of its view. */
export interface FrameFields {
  /** The text of a message in the page's language. */
  say: Say;
  locale: Locale;
  form: FormState;
  /** A partial from `views/partials/`. */
  part<Name extends PartialName>(name: Name, data: Partials[Name]): Html;
  /** The hidden field that every form carries: `<%= v.csrf() %>` right after `<form method="post">`. */
  csrf(): Html;
  field(data: FieldData): Html;
  check(data: CheckData): Html;
  /** The name of a group of fields, as a field has its label: what is wrong with the group leads to `#field-<name>`. */
  legend(name: string, label: string): string;
  /** What an action found of the new password that was typed, to be shown beside its problems. */
  strength(): ShownStrength | undefined;
  /** How a field that this page has shown is called: the layout, which comes last, sums up what is wrong by it. */
  labelOf(name: string): string | undefined;
  /** For `href` and `action`: a local path or an https address (http on loopback); anything else becomes `#`. */
  url(address: string): string;
  /** For `src` of an `img` from elsewhere: an https address, which the page's policy then lets load. */
  image(address: string): string;
  /** Milliseconds in words, such as "2 hours ago", with the exact time on hovering. */
  time(milliseconds: number): Html;
  /** The same, exactly: date and time as the language writes them, where the person is. */
  exact(milliseconds: number): string;
  icon(name: IconName): Html;
}

export interface FrameSettings {
  say: Say;
  locale: Locale;
  form: FormState;
  /** Milliseconds. */
  now: number;
  /** IANA name; what `zoneinfo` says, else UTC. */
  timeZone: string;
  /** Collects the origins of what `image` was given. */
  images: Set<string>;
}

export function createFrame(renderer: Renderer, settings: FrameSettings): FrameFields {
  const { say, locale, form, now, timeZone } = settings;
  const labels = new Map<string, string>();

  function labelled(partial: 'field' | 'check', data: FieldData | CheckData): Html {
    labels.set(data.name, data.label);

    return fields.part(partial, data);
  }

  const fields: FrameFields = {
    say,
    locale,
    form,
    part: (name, data) => renderer.render(name, { ...data, ...fields }),
    csrf: () => fields.part('csrf', {}),
    field: (data) => labelled('field', data),
    check: (data) => labelled('check', data),
    strength: () => strengthIn(form.values['strength']),
    labelOf: (name) => labels.get(name),
    url: safeAddress,

    legend(name, label) {
      labels.set(name, label);

      return label;
    },

    image(address) {
      const url = safeAddress(address);

      if (!url.startsWith('/') && url !== '#') settings.images.add(new URL(url).origin);

      return url;
    },

    time: (milliseconds) =>
      Html.trusted(
        `<time datetime="${new Date(milliseconds).toISOString()}" ` +
          `title="${escape(exactTime(milliseconds, { locale, timeZone }))}">` +
          `${escape(relativeTime(milliseconds, { locale, timeZone, now }))}</time>`,
      ),

    exact: (milliseconds) => exactTime(milliseconds, { locale, timeZone }),
    icon: (name) => renderer.icon(name),
  };

  return fields;
}

/** How strong a password is, in words. */
export interface ShownStrength {
  /** 0 to 4. */
  score: number;
  label: MessageKey;
  reasons: MessageKey[];
}

/** `strength.1 strength.common`: what a browser may have made up is of known words, or nothing. */
function strengthIn(value = ''): ShownStrength | undefined {
  const [label = '', ...reasons] = value.split(' ').filter((key) => /^strength\.\w{1,12}$/.test(key));
  const score = /^strength\.([0-4])$/.exec(label)?.[1];

  return score === undefined || !isMessageKey(label)
    ? undefined
    : { score: Number(score), label, reasons: reasons.filter(isMessageKey) };
}

/** Escaping keeps nobody from `javascript:` in a link: only places that a browser can merely go to pass. */
export function safeAddress(address: string): string {
  if (isLocalPath(address)) return address;

  const url = URL.parse(address);
  const fine = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));

  return url && fine && url.username === '' && url.password === '' ? url.href : '#';
}

/** A path on this server: `//elsewhere` and `/\elsewhere` would leave it, and so would either with a tab inside. */
export function isLocalPath(path: string): boolean {
  return /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(path);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
