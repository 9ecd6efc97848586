import type { Shape } from '../records.ts';

/** What the tables of one collection consist of: names only, so that a migration can keep an old one. */
export interface Layout {
  unique?: readonly string[];
  lists?: readonly string[];
  expires?: boolean;
}

export function layoutOf<T extends { id: string }>(shape: Shape<T>): Layout {
  return { unique: Object.keys(shape.unique), lists: Object.keys(shape.lists), expires: shape.expiresAt !== undefined };
}

/** The SQL that gives a collection one more list; rows that are there already are in none of its groups. */
export function addList(name: string, list: string): string {
  return [
    `ALTER TABLE ${name} ADD COLUMN group_${list} TEXT;`,
    `ALTER TABLE ${name} ADD COLUMN order_${list} ANY;`,
    `CREATE INDEX ${name}_list_${list} ON ${name} (group_${list}, order_${list}, id);`,
  ].join('\n');
}

/**
 * The SQL that makes a collection: the document as JSON beside the values that it is found by. `expires_at` is infinite
 * for rows that stay. Strings compare by their UTF-8 bytes, which is the order of their code points.
 */
export function createCollection(name: string, { unique = [], lists = [], expires = false }: Layout): string {
  const columns = [
    'id TEXT NOT NULL PRIMARY KEY',
    'doc TEXT NOT NULL',
    ...(expires ? ['expires_at REAL NOT NULL'] : []),
    ...unique.map((each) => `unique_${each} TEXT`),
    ...lists.flatMap((each) => [`group_${each} TEXT`, `order_${each} ANY`]),
  ];

  return [
    `CREATE TABLE ${name} (${columns.join(', ')}) STRICT;`,
    ...(expires ? [`CREATE INDEX ${name}_expires ON ${name} (expires_at);`] : []),
    ...unique.map((each) => `CREATE UNIQUE INDEX ${name}_unique_${each} ON ${name} (unique_${each});`),
    ...lists.map((each) => `CREATE INDEX ${name}_list_${each} ON ${name} (group_${each}, order_${each}, id);`),
  ].join('\n');
}
