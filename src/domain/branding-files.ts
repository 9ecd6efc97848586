/**
 * A logo and a stylesheet that an administrator hands in, and what keeps them harmless. They are shown on every page to
 * everybody: neither may run anything, fetch anything or lead anywhere.
 */
export type LogoType = 'image/png' | 'image/webp' | 'image/svg+xml';

export const mostLogoBytes = 100_000;
export const mostCssBytes = 20_000;

/** By what it holds, whatever it was called; undefined: it is none of these, or an SVG that could do something. */
export function logoTypeOf(bytes: Uint8Array): LogoType | undefined {
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (/^RIFF[^]{4}WEBPVP8/.test(start)) return 'image/webp';

  return isPlainSvg(bytes) ? 'image/svg+xml' : undefined;
}

/** What draws. No script, style, animation, foreign content or picture within. */
const drawing = new Set(
  (
    'svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan ' +
    'linearGradient radialGradient stop clipPath mask pattern'
  ).split(' '),
);

function isPlainSvg(bytes: Uint8Array): boolean {
  const text = decoded(bytes);
  if (text === undefined) return false;

  const bare = text.replace(/^\uFEFF?\s*(<\?xml[^<>]*\?>)?/, '').replaceAll(/<!--[^]*?-->/g, '');
  if (!/^\s*<svg[\s>]/.test(bare) || /<[!?]/.test(bare)) return false;

  const elements = bare.match(/<[^<>]*>?/g) ?? [];

  return elements.every((element) => {
    // A `>` within a value would hide from here what stands behind it.
    const parts = /^<\/?([A-Za-z]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*)\s*\/?>$/.exec(element);

    return parts !== null && drawing.has(parts[1] ?? '') && isPlain(parts[2] ?? '');
  });
}

function isPlain(attributes: string): boolean {
  return [...attributes.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].every(([, name = '', one, other]) => {
    const value = one ?? other ?? '';
    if (/^on/i.test(name)) return false;
    if (/href$/i.test(name)) return value.startsWith('#');

    // Letters written in another way would hide an address.
    return name.startsWith('xmlns') || (!/&#|\\|[a-z]:\/\//i.test(value) && isLocalReference(value));
  });
}

function isLocalReference(value: string): boolean {
  return [...value.matchAll(/url\s*\(\s*['"]?(.?)/gi)].every(([, first]) => first === '#');
}

/**
 * Why a stylesheet is refused. `fetches`: it could ask another place for something; what is written with a backslash could
 * be anything.
 */
export function cssFault(css: string): 'tooLong' | 'fetches' | undefined {
  if (Buffer.byteLength(css) > mostCssBytes) return 'tooLong';

  return /\\|@import|@charset|@namespace|@font-face|(url|src|image|image-set|cross-fade|element|expression)\s*\(|-moz-binding|behavior\s*:|<\/|<!|[^\P{Cc}\t\n\r\f]/iu.test(
    css,
  )
    ? 'fetches'
    : undefined;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
