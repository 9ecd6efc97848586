import type { z } from 'zod';

import { type About, aboutSetting } from './forms.ts';
import { settings } from './schema.ts';

/** One setting that can be given a value: where it stands, what it is, and the variable that sets it. */
export type Setting = { path: readonly string[]; about: About; variable: string };

type Shape = Record<string, z.ZodType>;

const root: Shape = settings.shape;

function isGroup(about: About): boolean {
  return about.form === 'section' || about.form === 'backend';
}

/** The name of the variable that sets a setting: GATEHOUSE_SESSION_IDLE for session.idle. */
export function variableOf(path: readonly string[]): string {
  return `GATEHOUSE_${path.join('_').toUpperCase()}`;
}

/** Every setting, in the order of the schema; a list is one setting, whatever its entries hold. */
export function allSettings(shape: Shape = root, above: readonly string[] = []): Setting[] {
  return Object.entries(shape).flatMap(([key, schema]) => {
    const about = aboutSetting(schema);
    if (about === undefined) return [];

    const path = [...above, key];
    return isGroup(about) ? allSettings(about.shape, path) : [{ path, about, variable: variableOf(path) }];
  });
}

/** The settings and groups directly below a path ('' is the whole); list positions are passed through. */
export function shapeAt(path: readonly PropertyKey[]): Shape {
  return path.reduce<Shape>((shape, key) => {
    if (typeof key !== 'string') return shape;

    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    return (schema && aboutSetting(schema)?.shape) ?? {};
  }, root);
}

/** What is known of the setting at a path, or of the nearest one around it. */
export function aboutAt(path: readonly PropertyKey[]): About | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const key = path[length - 1];
    const shape = shapeAt(path.slice(0, length - 1));

    const schema = typeof key === 'string' && Object.hasOwn(shape, key) ? shape[key] : undefined;
    const about = schema && aboutSetting(schema);
    if (about) return about;
  }

  return undefined;
}
