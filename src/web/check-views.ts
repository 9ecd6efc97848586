import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { everyTemplate, templateFiles } from './render.ts';

/**
 * `node src/web/check-views.ts`: holds every template against the type of what it is given. Each one becomes a TypeScript
 * file, line by line, and tsc says what is wrong: misspelt fields, loop variables, arguments of partials, missing texts.
 */
export interface Tree {
  /** Where `view<T>('name', …)` constants are exported (or, where no value may be imported, a `View<T>` written out). */
  source: string;
  views: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** One line a problem, as `views/<name>.ejs:<line>: …`; none when all is well. */
export function checkViews({ source, views }: Tree): string[] {
  const given = new Map([...viewsIn(source), ...partialsIn(views), ...messagesIn(views)]);
  const names = everyTemplate(views);
  const folder = mkdtempSync(join(tmpdir(), 'check-views-'));

  try {
    for (const name of names) {
      const type = given.get(name);

      if (type)
        writeFileSync(
          join(folder, fileName(name)),
          toTypeScript(readFileSync(join(views, `${name}.ejs`), 'utf8'), type),
        );
    }

    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));

    return [
      ...names
        .filter((name) => !given.has(name))
        .map((name) => `views/${name}.ejs:1: no view of this name is exported`),
      ...[...given.keys()]
        .filter((name) => !names.includes(name))
        .map((name) => `views/${name}.ejs:1: there is no such file`),
      ...compile(folder),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const settings = {
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    typeRoots: [join(root, 'node_modules/@types')],
    noUnusedParameters: false,
    // What is not there is put out as nothing, which `a.split('{client}')` in a template may rely on.
    noUncheckedIndexedAccess: false,
  },
  include: ['./*.mts'],
};

/** The type of a template's data: where it comes from, and how it is said. */
interface Given {
  constant: string;
  file: string;
  type: string;
  /** A mail stands in no frame. */
  isMail?: true;
}

function viewsIn(source: string): [string, Given][] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

  return files.flatMap((file) => {
    const path = resolve(source, file);
    const declared = readFileSync(path, 'utf8').matchAll(
      /export const (\w+)(?:: View<[^=]+>)? = (?:view<[\s\S]*?>\(|\{\s*name:)\s*'([\w/-]+)',\s*(?:layout: )?'(?:door|shell)'/g,
    );

    return [...declared].map(([, constant = '', name = '']): [string, Given] => [
      name,
      { constant, file: path, type: `NonNullable<(typeof ${constant})['data']>` },
    ]);
  });
}

function partialsIn(views: string): [string, Given][] {
  const file = join(root, 'src/web/partials.ts');

  return templateFiles(views)
    .filter((name) => /^(partials|layout)\//.test(name))
    .map((name) => [name, { constant: 'Partials', file, type: `Partials['${name.replace(/^partials\//, '')}']` }]);
}

function messagesIn(views: string): [string, Given][] {
  const file = join(root, 'src/messages/html.ts');

  return everyTemplate(views)
    .filter((name) => name.startsWith('messages/'))
    .map((name) => [name, { constant: 'MailViews', file, type: `MailViews['${name}']`, isMail: true }]);
}

function fileName(template: string): string {
  return `${template.replaceAll('/', '--')}.mts`;
}

/** Everything that is ours stands on the first line, so that line numbers stay the template's. */
function toTypeScript(template: string, { constant, file, type, isMail }: Given): string {
  const frame = isMail ? 'object' : 'FrameFields';
  const head = [
    isMail ? '' : importing('FrameFields', join(root, 'src/web/frame.ts')),
    importing('Html', join(root, 'src/web/html.ts')),
    importing(constant, file),
    `type Data = ${type};`,
    'declare function put(printed: string | number | Html): void;',
    // The frame's fields win when a page is rendered, so a field of the same name would be lost.
    'declare function taken(names: never): void;',
    `declare const both: keyof ${frame} & keyof Data;`,
    `export function template(v: ${frame} & Data): void { taken(both);`,
  ].join(' ');

  return `${head} ${statements(template)}\n}\n`;
}

function importing(name: string, file: string): string {
  return `import type { ${name} } from ${JSON.stringify(file)};`;
}

function statements(template: string): string {
  const parts = template.matchAll(/<%([=#]?)([\s\S]*?)[-_]?%>|((?:(?!<%)[\s\S])+)/g);

  return [...parts]
    .map(([, kind, code = '', text]) => {
      if (text !== undefined) return `;${lines(text)}`;
      if (kind === '#') return `;${lines(code)}`;

      return kind === '=' ? `;put((${code}));` : `;${code}`;
    })
    .join('');
}

function lines(text: string): string {
  return text.replace(/[^\n]/g, '');
}

function compile(folder: string): string[] {
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { error, stdout } = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], { encoding: 'utf8', cwd: folder });

  if (error) throw error;

  return stdout.split('\n').flatMap((line) => {
    const [, file, at, problem] = /^([\w.-]+)\.mts\((\d+),\d+\): error (.*)$/.exec(line) ?? [];

    return file === undefined ? [] : [`views/${file.replaceAll('--', '/')}.ejs:${at}: ${problem}`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkViews({ source: join(root, 'src'), views: join(root, 'views') });

  process.stderr.write(problems.map((problem) => `${problem}\n`).join(''));
  process.exitCode = problems.length > 0 ? 1 : 0;
}
