/**
 * The operator's colour, and whether it can be read: as text on each of our grounds, and under the text of a button (Web
 * Content Accessibility Guidelines 2.2, success criterion 1.4.3).
 */
export type Scheme = 'light' | 'dark';

/** Of the stylesheet (`--paper`, `--surface`, `--sunken`), which a test compares. */
export const grounds: Readonly<Record<Scheme, readonly [paper: string, surface: string, sunken: string]>> = {
  light: ['#f5f6f8', '#ffffff', '#f0f2f5'],
  dark: ['#0e1014', '#16191f', '#1c2027'],
};

export const usualAccents: Readonly<Record<Scheme, string>> = { light: '#2b55d9', dark: '#8ba6ff' };

export const neededContrast = 4.5;

/** How much of the colour its own ground has. */
const wash = { light: 0.08, dark: 0.14 } as const;

/** 1 to 21, of two colours written #rrggbb. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);

  return (light + 0.05) / (dark + 0.05);
}

/** The least contrast that the colour has anywhere. Rounded down: what is told never reaches what is needed by rounding. */
export function accentContrast(accent: string, scheme: Scheme): number {
  const { onAccent, accentWash } = accentTokens(accent, scheme);
  const least = Math.min(
    ...[...grounds[scheme], accentWash].map((ground) => contrast(accent, ground)),
    contrast(accent, onAccent),
  );

  return Math.floor(least * 100) / 100;
}

/** What goes with it: the text on it, and a ground with a trace of it. */
export function accentTokens(accent: string, scheme: Scheme): { onAccent: string; accentWash: string } {
  const texts = ['#ffffff', '#0e1014'];
  const onAccent = texts.toSorted((a, b) => contrast(accent, b) - contrast(accent, a))[0] ?? '#ffffff';

  return { onAccent, accentWash: mixed(accent, grounds[scheme][1], wash[scheme]) };
}

/** The stylesheet that sets it; undefined where nothing is set. */
export function accentSheet({ light, dark }: Partial<Record<Scheme, string | undefined>>): string | undefined {
  if (light === undefined && dark === undefined) return undefined;

  const [l, d] = [light ?? usualAccents.light, dark ?? usualAccents.dark];
  const [ofLight, ofDark] = [accentTokens(l, 'light'), accentTokens(d, 'dark')];

  return `:root {
  --accent: light-dark(${l}, ${d});
  --on-accent: light-dark(${ofLight.onAccent}, ${ofDark.onAccent});
  --accent-wash: light-dark(${ofLight.accentWash}, ${ofDark.accentWash});
}
`;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((channel) => {
    const share = channel / 255;

    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });

  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mixed(colour: string, ground: string, share: number): string {
  const under = channels(ground);
  const parts = channels(colour).map((channel, at) => Math.round(channel * share + (under[at] ?? 0) * (1 - share)));

  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
