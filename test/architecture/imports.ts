export interface Import {
  /** The specifier as written; undefined where `import()` takes something else than a literal. */
  from: string | undefined;
  typeOnly: boolean;
}

const statement =
  /^[ \t]*(?:import|export)\s+(?<type>type\s+(?!from\b))?(?:[\w$*{},\s]+?\s*from\s*)?(?<quote>['"])(?<from>[^'"$\n]+)\k<quote>/gm;
const call = /\bimport\s*\(\s*(?:(?<quote>['"`])(?<from>[^'"`$\n]+)\k<quote>\s*[,)])?/g;

/**
 * Everything that a source imports: statements, type imports, re-exports and `import()`, types in `import('…').T`
 * included. Works on formatted text; `import { type T }` counts as a value import, because the import itself stays when
 * the types are stripped.
 */
export function importsOf(source: string): Import[] {
  const code = withoutComments(source);
  const statements = [...code.matchAll(statement)].map(({ groups }) => ({
    from: groups?.['from'],
    typeOnly: groups?.['type'] !== undefined,
  }));
  const calls = [...code.matchAll(call)].map(({ groups }) => ({ from: groups?.['from'], typeOnly: false }));

  return [...statements, ...calls];
}

/** Comments go, strings stay: a `//` inside a string is no comment, an `import` inside a comment no import. */
function withoutComments(source: string): string {
  const stringOrComment = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<comment>\/\/.*|\/\*[^]*?\*\/)/g;

  return source.replace(stringOrComment, (text, comment?: string) => (comment === undefined ? text : ' '));
}
