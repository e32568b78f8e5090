import type { SqlValue, Store } from './store.js';

export interface PageRequest {
  /** 1 to 100. */
  limit: number;
  /** Where the page before ended; `null` for the first. */
  cursor: string | null;
}

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

/** The cursor was not made by us. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
  readonly code = 'invalid_cursor';
}

export interface PagedQuery<Row> {
  /** `SELECT … FROM … WHERE …`, with a WHERE to append to. */
  select: string;
  values: SqlValue[];
  /** Columns whose values order the rows and are never equal for two of them. */
  orderBy: readonly string[];
  direction: 'ASC' | 'DESC';
  /** The values of these columns in a row. */
  keyOf: (row: Row) => (string | number)[];
}

/** One page by keyset: stable while rows are added, and as fast at the end as at the beginning. */
export function readPage<Row>(
  store: Store,
  query: PagedQuery<Row>,
  { limit, cursor }: PageRequest,
): Page<Row> {
  const { orderBy, direction } = query;
  const after = cursor === null ? [] : decodeCursor(cursor, orderBy.length);
  const beyond =
    after.length === 0
      ? ''
      : ` AND (${orderBy.join(', ')}) ${direction === 'ASC' ? '>' : '<'} (${orderBy.map(() => '?').join(', ')})`;
  const order = orderBy.map((column) => `${column} ${direction}`).join(', ');
  const rows = store.all<Row>(
    `${query.select}${beyond} ORDER BY ${order} LIMIT ?`,
    ...query.values,
    ...after,
    limit + 1,
  );
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return {
    data,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(query.keyOf(last)) : null,
  };
}

function encodeCursor(key: (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function decodeCursor(cursor: string, length: number): (string | number)[] {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    key = null;
  }
  if (!Array.isArray(key) || key.length !== length || !key.every(isKeyPart)) {
    throw new InvalidCursorError('pass nextCursor of the page before, unchanged');
  }
  return key;
}

function isKeyPart(part: unknown): part is string | number {
  return typeof part === 'string' || (typeof part === 'number' && Number.isSafeInteger(part));
}
