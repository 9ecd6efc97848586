import { accentContrast, neededContrast } from '../domain/accent.ts';
import type { Problem } from './problems.ts';
import type { Config } from './schema.ts';

/** A colour that nobody could read. */
export function brandingProblems({ branding: { accent } }: Pick<Config, 'branding'>): Problem[] {
  return (['light', 'dark'] as const).flatMap((scheme) => {
    const colour = accent[scheme];
    const ratio = colour === undefined ? neededContrast : accentContrast(colour, scheme);
    if (ratio >= neededContrast) return [];

    const path = `branding.accent.${scheme}`;
    return [
      {
        path,
        message: `${path} has a contrast of ${ratio}:1 where it is read worst on ${scheme} pages, and needs ${neededContrast}:1.`,
        mend: `Choose a ${scheme === 'light' ? 'darker' : 'lighter'} one.`,
      },
    ];
  });
}
