import type { DatabaseContents, Loaded } from '../../runtime/runtime.js';

/** An operation's result is an answer of the API, and no place for a hundred thousand tables. */
const MOST = 100;

/** What people are told of a load, and is known of it. */
export function loadResult(
  { contents, skipped, interruptedMs }: Loaded,
  previous: { database: string; keptUntil: string },
): Record<string, unknown> {
  return {
    ...(contents && countsOf(contents)),
    ...(skipped && { skipped: skipped.slice(0, MOST), skippedCount: skipped.length }),
    ...(interruptedMs !== null && { interruptedMs }),
    previous,
  };
}

function countsOf({ tables, largeObjects, extensions }: DatabaseContents) {
  return {
    tables: tables.slice(0, MOST).map(({ schema, name, rows }) => ({ schema, name, rows })),
    totals: {
      tables: tables.length,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      largeObjects,
    },
    extensions: extensions.slice(0, MOST).map(({ name, version }) => ({ name, version })),
  };
}
