import type { mongo } from 'mongoose';
import type { Shape } from '../records.ts';

/** What the indexes of one collection consist of: names only, so that a migration can keep an old one. */
export interface Layout {
  unique?: readonly string[];
  lists?: readonly string[];
  expires?: boolean;
}

export function layoutOf<T extends { id: string }>(shape: Shape<T>): Layout {
  return { unique: Object.keys(shape.unique), lists: Object.keys(shape.lists), expires: shape.expiresAt !== undefined };
}

/**
 * The indexes of a collection, beside the one on `_id`. A row without a unique value has no such field, and a sparse index
 * leaves it out. Rows end by the clock of whoever asks, so nothing here lets MongoDB remove them by its own.
 */
export function indexesOf({ unique = [], lists = [], expires = false }: Layout): mongo.IndexDescription[] {
  return [
    ...(expires ? [{ name: 'expires', key: { expires_at: 1 as const } }] : []),
    ...unique.map((each) => ({
      name: `unique_${each}`,
      key: { [`unique_${each}`]: 1 as const },
      unique: true,
      sparse: true,
    })),
    ...lists.map((each) => ({
      name: `list_${each}`,
      key: { [`group_${each}`]: 1 as const, [`order_${each}`]: 1 as const, _id: 1 as const },
    })),
  ];
}
