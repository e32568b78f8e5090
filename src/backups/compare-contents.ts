import type { BackupContents } from './manifest.js';

const MAX_LINES = 20;

/** Every difference between what a dump should hold and what was restored from it, in words, the first 20 of them. */
export function compareContents(expected: BackupContents, actual: BackupContents): string[] {
  const differences = [
    ...compareExtensions(expected.extensions, actual.extensions),
    ...compareSchemas(expected.schemas, actual.schemas),
    ...compareTables(expected.tables, actual.tables),
    ...(actual.largeObjects === expected.largeObjects
      ? []
      : [`${counted(actual.largeObjects, 'large object')} instead of ${expected.largeObjects}`]),
  ];
  if (differences.length <= MAX_LINES) return differences;
  return [...differences.slice(0, MAX_LINES), `and ${differences.length - MAX_LINES} more differences`];
}

function compareExtensions(
  expected: BackupContents['extensions'],
  actual: BackupContents['extensions'],
): string[] {
  return compare(expected, actual, {
    keyOf: ({ name }) => name,
    wordsFor: ({ name }) => `extension ${quote(name)}`,
    differ: (one, other) => [
      ...(one.version === other.version
        ? []
        : [`has version ${quote(other.version)} instead of ${quote(one.version)}`]),
      ...(one.schema === other.schema
        ? []
        : [`is in schema ${quote(other.schema)} instead of ${quote(one.schema)}`]),
    ],
  });
}

function compareSchemas(expected: readonly string[], actual: readonly string[]): string[] {
  return compare(expected, actual, {
    keyOf: (name) => name,
    wordsFor: (name) => `schema ${quote(name)}`,
    differ: () => [],
  });
}

function compareTables(expected: BackupContents['tables'], actual: BackupContents['tables']): string[] {
  return compare(expected, actual, {
    keyOf: ({ schema, name }) => JSON.stringify([schema, name]),
    wordsFor: ({ schema, name }) => `table ${quote(schema)}.${quote(name)}`,
    // A materialised view is filled anew by a restore: one of the last 30 days, say, has other rows then.
    differ: (one, other) =>
      one.rows === other.rows || (one.materialized && other.materialized)
        ? []
        : [`has ${counted(other.rows, 'row')} instead of ${one.rows}`],
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

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** PostgreSQL's names have up to 63 bytes, of whatever kind: none may break a line of the log. */
function quote(text: string): string {
  const MAX = 63;
  return JSON.stringify(text.length > MAX ? `${text.slice(0, MAX)}…` : text);
}
