import type { BackupContents } from './manifest.js';

const MAX_LINES = 20;

/**
 * Every difference between what a dump should hold and what was restored from it, in words, the first 20 of them. All is
 * exact but three things. The rows of materialised views: a restore fills them anew, from tables that may have changed since
 * they were filled, and by queries that may ask for the time. The versions of extensions: a dump does not name them, and
 * those of a server change with its image. And the schema `public`, which every new database has, and of which a dump
 * cannot say that it was dropped.
 */
export function compareContents(expected: BackupContents, actual: BackupContents): string[] {
  return cut([
    ...compareExtensions(expected.extensions, actual.extensions),
    ...compareSchemas(expected.schemas, actual.schemas),
    ...differencesOfTables(expected.tables, actual.tables),
    ...(actual.largeObjects === expected.largeObjects
      ? []
      : [`${counted(actual.largeObjects, 'large object')} instead of ${expected.largeObjects}`]),
  ]);
}

/** The same of the tables alone. */
export function compareTables(
  expected: BackupContents['tables'],
  actual: BackupContents['tables'],
): string[] {
  return cut(differencesOfTables(expected, actual));
}

function cut(differences: readonly string[]): string[] {
  if (differences.length <= MAX_LINES) return [...differences];
  return [...differences.slice(0, MAX_LINES), `and ${differences.length - MAX_LINES} more differences`];
}

function compareExtensions(
  expected: BackupContents['extensions'],
  actual: BackupContents['extensions'],
): string[] {
  return compare(expected, actual, {
    keyOf: ({ name }) => name,
    wordsFor: ({ name }) => `extension ${quote(name)}`,
    differ: (one, other) =>
      one.schema === other.schema
        ? []
        : [`is in schema ${quote(other.schema)} instead of ${quote(one.schema)}`],
  });
}

function compareSchemas(expected: readonly string[], actual: readonly string[]): string[] {
  const wanted = new Set(expected);
  const comparable = actual.filter((name) => name !== 'public' || wanted.has(name));
  return compare(expected, comparable, {
    keyOf: (name) => name,
    wordsFor: (name) => `schema ${quote(name)}`,
    differ: () => [],
  });
}

function differencesOfTables(expected: BackupContents['tables'], actual: BackupContents['tables']): string[] {
  return compare(expected, actual, {
    keyOf: ({ schema, name }) => JSON.stringify([schema, name]),
    wordsFor: (table) => `${wordFor(table)} ${quote(table.schema)}.${quote(table.name)}`,
    differ: (one, other) => {
      // Manifests from before they were told apart have views as tables.
      if (other.kind === 'view' || one.rows === other.rows) return [];
      return [`has ${counted(other.rows, 'row')} instead of ${one.rows}`];
    },
  });
}

interface Comparison<Item> {
  keyOf: (item: Item) => string;
  wordsFor: (item: Item) => string;
  /** How two of the same key differ. */
  differ: (expected: Item, actual: Item) => string[];
}

function compare<Item>(
  expected: readonly Item[],
  actual: readonly Item[],
  { keyOf, wordsFor, differ }: Comparison<Item>,
): string[] {
  const found = new Map(actual.map((item) => [keyOf(item), item]));
  const wanted = new Set(expected.map(keyOf));
  const changed = expected.flatMap((item) => {
    const other = found.get(keyOf(item));
    if (other === undefined) return [`${wordsFor(item)} is missing`];
    return differ(item, other).map((difference) => `${wordsFor(item)} ${difference}`);
  });
  const added = actual.filter((item) => !wanted.has(keyOf(item)));
  return [...changed, ...added.map((item) => `${wordsFor(item)} was not in the dump`)];
}

function wordFor({ kind }: Pick<BackupContents['tables'][number], 'kind'>): string {
  return kind === 'view' ? 'materialised view' : 'table';
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** PostgreSQL's names have up to 63 bytes, of whatever kind: none may break a line of the log. */
function quote(text: string): string {
  const MAX = 63;
  return JSON.stringify(text.length > MAX ? `${text.slice(0, MAX)}…` : text);
}
