import { existsSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { validate, ValidationSeverity } from 'dockerfile-utils';

import packageDocument from '../../package.json' with { type: 'json' };
import { dockerfileText, readImage, readStages, root } from './dockerfile.ts';

describe('the Dockerfile', () => {
  test('is one, without a remark of the linter', () => {
    const strict = {
      instructionCasing: ValidationSeverity.ERROR,
      instructionWorkdirRelative: ValidationSeverity.ERROR,
    };

    expect(validate(dockerfileText, strict)).toEqual([]);
    expect(validate(dockerfileText.replace('USER', 'USERR'), strict)).not.toEqual([]);
  });

  test('stands on a slim glibc image with the Node that everything else is tested on', () => {
    const [major] = packageDocument.devDependencies.node.split('.');

    for (const { image } of readStages()) expect(image).toMatch(new RegExp(`^node:${major}-[a-z]+-slim$`));
  });

  test('runs as a user by number, for those who refuse root before they look', () => {
    expect(readImage().user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('copies what exists', () => {
    const copied = readStages()
      .flatMap(({ steps }) => steps)
      .filter(({ keyword, flags }) => keyword === 'COPY' && !('from' in flags))
      .flatMap(({ words }) => words.slice(0, -1));

    expect(copied).toContain('src');
    expect(copied.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  test('has no secret and no default for one', () => {
    expect(Object.keys(readImage().env).filter((name) => /KEY|SECRET|PASSWORD|URL/.test(name))).toEqual([]);
  });
});
