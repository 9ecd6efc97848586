import { encodeQR } from 'qr';

/** A QR code (ISO/IEC 18004) to be drawn as SVG: black on white in dark pages too, or cameras can't read it. */
export interface QrCode {
  /** Of the square, with the quiet zone around it: `viewBox="0 0 size size"`. */
  size: number;
  /** `d` of a path that is black; everything else is white. Consists of digits and `M`, `h`, `v`, `z` alone. */
  path: string;
}

/** In modules (ISO/IEC 18004 section 9.1). */
const quietZone = 4;

export function qrCode(text: string): QrCode {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: quietZone });

  return { size: rows.length, path: rows.flatMap(runsOf).join('') };
}

/** Neighbours in a row are one rectangle: no hairlines between them, and a third of the text. */
function runsOf(row: readonly boolean[], y: number): string[] {
  const runs: string[] = [];

  for (let x = 0; x < row.length; x += 1) {
    if (!row[x]) continue;

    const start = x;
    while (row[x + 1]) x += 1;
    const width = x - start + 1;

    runs.push(`M${start} ${y}h${width}v1h-${width}z`);
  }

  return runs;
}
