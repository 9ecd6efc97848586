/** A code of digits as it was meant: apps and mails show codes in groups, and people type them so. */
export function digitsIn(typed: string): string {
  return typed.normalize('NFKC').replaceAll(/[\s-]/g, '');
}
