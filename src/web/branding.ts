import { extname } from 'node:path';

import { accentSheet } from '../domain/accent.ts';
import type { LogoType } from '../domain/branding-files.ts';
import type { Branding } from './answers.ts';

/** What administrators have handed in, in the place of a file. */
export interface Uploaded {
  logo?: { type: LogoType; bytes: Buffer };
  css?: string;
}

const endings: Readonly<Record<LogoType, string>> = {
  'image/png': '.png',
  'image/webp': '.webp',
  'image/svg+xml': '.svg',
};

/** The operator's colours, logo and stylesheet as assets: by their names here, paths of files or what would be in one. */
export function brandingFiles({ uploaded = {}, ...branding }: Branding & { uploaded?: Uploaded }): {
  branding: Branding;
  files: Record<string, string | Buffer>;
} {
  const { logo: path, accent = {} } = branding;
  const { logo } = uploaded;
  const colours = accentSheet(accent);
  const css = uploaded.css === undefined ? branding.css : Buffer.from(uploaded.css);
  const ending = logo ? endings[logo.type] : path === undefined ? undefined : extname(path).toLowerCase();
  const name = ending === undefined ? undefined : `logo${ending}`;
  const content = logo?.bytes ?? path;

  return {
    branding: { ...branding, logo: name },
    files: {
      ...(colours !== undefined && { 'accent.css': Buffer.from(colours) }),
      ...(css !== undefined && { 'branding.css': css }),
      ...(name !== undefined && content !== undefined && { [name]: content }),
    },
  };
}
