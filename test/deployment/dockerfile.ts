import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DockerfileParser, type Env, type From, type Instruction, type ModifiableInstruction } from 'dockerfile-ast';

/** The Dockerfile as data, for doing by hand what it says where no Docker is. */
export interface Stage {
  name: string | undefined;
  image: string;
  steps: Step[];
}

export interface Step {
  keyword: string;
  /** `--from=…` */
  flags: Record<string, string>;
  words: string[];
  /** All behind the keyword and its flags. */
  text: string;
}

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const dockerfileText = readFileSync(`${root}Dockerfile`, 'utf8');

export function readStages(text = dockerfileText): Stage[] {
  const stages: Stage[] = [];

  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From;
      stages.push({ name: from.getBuildStage() ?? undefined, image: from.getImage() ?? '', steps: [] });
    } else {
      stages.at(-1)?.steps.push(readStep(instruction));
    }
  }

  return stages;
}

/** What the image is started with: its own variables, and the programs that it names. */
export function readImage(): {
  env: Record<string, string>;
  entrypoint: string[];
  command: string[];
  healthcheck: string[];
  user: string;
} {
  const steps = readStages().at(-1)?.steps ?? [];
  const one = (keyword: string): string => steps.findLast((step) => step.keyword === keyword)?.text ?? '';
  const env = steps.filter(({ keyword }) => keyword === 'ENV').flatMap(({ words }) => words);

  return {
    env: Object.fromEntries(env.map((word) => word.split(/=(.*)/s, 2) as [string, string])),
    entrypoint: JSON.parse(one('ENTRYPOINT')) as string[],
    command: JSON.parse(one('CMD')) as string[],
    healthcheck: JSON.parse(one('HEALTHCHECK').replace(/^CMD\s+/, '')) as string[],
    user: one('USER'),
  };
}

function readStep(instruction: Instruction): Step {
  const keyword = instruction.getKeyword();
  const flags = 'getFlags' in instruction ? (instruction as ModifiableInstruction).getFlags() : [];
  const words =
    keyword === 'ENV'
      ? (instruction as Env).getProperties().map((property) => `${property.getName()}=${property.getValue() ?? ''}`)
      : instruction.getArguments().map((argument) => argument.getValue());

  return {
    keyword,
    words,
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    text: keyword === 'HEALTHCHECK' ? words.join(' ') : (instruction.getArgumentsContent() ?? ''),
  };
}
