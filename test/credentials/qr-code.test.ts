import { describe, expect, test } from '@jest/globals';
import decodeQR from 'qr/decode.js';

import { qrCode } from '../../src/credentials/qr-code.ts';
import { newTotpSecret, totpUrl } from '../../src/credentials/totp.ts';

/** What a camera sees of the SVG: dark pixels where the path has rectangles, white everywhere else. */
function picture({ size, path }: { size: number; path: string }, scale = 4) {
  const side = size * scale;
  const data = new Uint8Array(side * side * 4).fill(255);

  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) {
      for (let column = Number(x) * scale; column < (Number(x) + Number(width)) * scale; column += 1) {
        data.fill(0, (row * side + column) * 4, (row * side + column) * 4 + 3);
      }
    }
  }

  return { width: side, height: side, data };
}

describe('a QR code', () => {
  test.each([
    [
      'a link to an authenticator',
      totpUrl({ secret: newTotpSecret(), issuer: 'Gatehouse', account: 'ada@example.com' }),
    ],
    [
      'a long one',
      totpUrl({ secret: newTotpSecret(), issuer: 'x'.repeat(40), account: `${'a'.repeat(64)}@${'b'.repeat(180)}` }),
    ],
  ])('is read by a camera: %s', (_what, text) => {
    expect(decodeQR(picture(qrCode(text)))).toBe(text);
  });

  test('is a path of plain rectangles inside the quiet zone of four modules', () => {
    const { size, path } = qrCode('otpauth://totp/"><script>alert(1)</script>');

    expect(path).toMatch(/^(M\d+ \d+h\d+v1h-\d+z)+$/);
    for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
      expect(Math.min(Number(x), Number(y))).toBeGreaterThanOrEqual(4);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(size - 4);
      expect(Number(y)).toBeLessThan(size - 4);
    }
  });
});
