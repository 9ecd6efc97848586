import { exitCodes, Usage, type Command } from './command.ts';

/** What completes a line in each shell: made of the commands that there are, so that no key press has to start a program. */
export function completionOf(every: () => Promise<readonly Command[]>): Command {
  return {
    words,
    summary: 'prints what completes commands in your shell',
    usage: 'bash|zsh|fish',
    details: `
  bash  gatehouse completion bash > ~/.local/share/bash-completion/completions/gatehouse
  zsh   gatehouse completion zsh > "\${fpath[1]}/_gatehouse"
  fish  gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish
`,
    options: {},
    positionals: { least: 1, most: 1 },
    async run({ positionals: [shell = ''], io }) {
      const script = Object.entries(scripts).find(([name]) => name === shell)?.[1];
      if (!script) throw new Usage(`gatehouse completion ${Object.keys(scripts).join('|')}`);

      io.out(script(placesOf(await every())));

      return exitCodes.ok;
    },
  };
}

const words = 'completion';

/** What can follow some words: the next ones, or the options of the command that they are. */
type Places = ReadonlyMap<string, ReadonlySet<string>>;

function placesOf(commands: readonly Command[]): Places {
  const places = new Map<string, Set<string>>();
  const add = (after: string, word: string) => places.set(after, (places.get(after) ?? new Set()).add(word));

  for (const { words: all, options } of commands) {
    const each = all.split(' ');
    for (const [at, word] of each.entries()) add(each.slice(0, at).join(' '), word);
    for (const name of [...Object.keys(options), 'config', 'help']) add(all, `--${name}`);
  }

  for (const shell of Object.keys(scripts)) add(words, shell);
  add('', 'help');

  return places;
}

/** Words are letters and dashes alone (held by a test of their names): nothing in a script has to be quoted. */
function cases(places: Places): string {
  return [...places].map(([after, some]) => `    '${after}') next='${[...some].join(' ')}' ;;`).join('\n');
}

const scripts = {
  bash: (places: Places) => `# gatehouse completion bash
_gatehouse() {
  local word after='' next='' current="\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    _gatehouse_next "\${after:+$after }$word" || break
    after="\${after:+$after }$word"
  done
  _gatehouse_next "$after"
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}

_gatehouse_next() {
  case "$1" in
${cases(places)}
    *) return 1 ;;
  esac
}

complete -o default -F _gatehouse gatehouse
`,

  zsh: (places: Places) => `#compdef gatehouse
# gatehouse completion zsh
_gatehouse() {
  local word after='' next='' at
  for (( at = 2; at < CURRENT; at++ )); do
    word="\${words[at]}"
    _gatehouse_next "\${after:+$after }$word" || break
    after="\${after:+$after }$word"
  done
  _gatehouse_next "$after"
  compadd -- \${=next}
}

_gatehouse_next() {
  case "$1" in
${cases(places)}
    *) return 1 ;;
  esac
}

if [[ "$funcstack[1]" == _gatehouse ]]; then _gatehouse "$@"; else compdef _gatehouse gatehouse; fi
`,

  fish: (places: Places) => `# gatehouse completion fish
function __gatehouse_after
  set -l typed (commandline -opc)[2..]
  test "$typed" = "$argv"
end

function __gatehouse_in
  set -l typed (commandline -opc)[2..]
  string match -q -- "$argv*" "$typed"
end

complete -c gatehouse -f
${[...places].map(([after, some]) => fishLines(after, [...some])).join('\n')}
`,
} as const;

function fishLines(after: string, some: readonly string[]): string {
  const options = some.filter((word) => word.startsWith('--')).map((word) => `-l ${word.slice(2)}`);
  const next = some.filter((word) => !word.startsWith('--'));

  return [
    ...(next.length > 0 ? [`complete -c gatehouse -n '__gatehouse_after ${after}' -a '${next.join(' ')}'`] : []),
    ...options.map((option) => `complete -c gatehouse -n '__gatehouse_in ${after}' ${option}`),
  ].join('\n');
}
