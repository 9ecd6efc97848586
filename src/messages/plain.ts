import type { Block, Letter } from './letter.ts';

/** A letter as plain text. Lines are as long as they are: a mail program knows best how wide its window is. */
export function toPlainText(
  letter: Letter,
  {
    footer,
    links,
    colon,
  }: { footer: string; links: readonly NamedLink[]; /** As the language has it. */ colon: string },
): string {
  const parts = [
    letter.heading,
    ...letter.blocks.map((block) => inPlainText(block, colon)),
    ['-- ', footer, ...links.map(({ text, url }) => `${text}${colon} ${url}`)].join('\n'),
  ];

  return `${parts.join('\n\n')}\n`;
}

export interface NamedLink {
  text: string;
  url: string;
}

function inPlainText(block: Block, colon: string): string {
  switch (block.kind) {
    case 'text':
    case 'note':
      return block.text;
    case 'heading':
      return `\n${block.text}`;
    case 'code':
      return `    ${block.code}`;
    case 'link':
      return `${block.text}${colon}\n${block.url}`;
    case 'facts':
      return block.facts.map(({ name, value }) => `${name}${colon} ${value}`).join('\n');
  }
}
