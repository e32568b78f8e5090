import type Sqlite from 'better-sqlite3';
import type { Clock } from '../domain/clock.js';
import type { Timestamp } from '../domain/records.js';
import type { Sealer } from '../domain/sealer.js';

export type SqlValue = string | number | null | Buffer;

/** Values for `?`, in order, or one object for `@name`. */
export type SqlValues = SqlValue[] | [Record<string, SqlValue>];

/** What the store needs from outside: it neither tells time nor knows cryptography. */
export interface StoreDeps {
  clock: Clock;
  sealer: Sealer;
  sha256: (text: string) => Buffer;
  generateId: () => string;
}

/**
 * The control database, opened. Queries live beside it, one exported function per question, and take it as
 * their first argument. Everything is synchronous, so a transaction cannot interleave with another.
 */
export class Store implements Disposable {
  private readonly statements = new Map<string, Sqlite.Statement>();

  constructor(
    private readonly sql: Sqlite.Database,
    private readonly deps: StoreDeps,
  ) {}

  get sealer(): Sealer {
    return this.deps.sealer;
  }

  /** Now, as the store writes it. */
  now(plusMs = 0): Timestamp {
    return new Date(this.deps.clock().getTime() + plusMs).toISOString();
  }

  newId(): string {
    return this.deps.generateId();
  }

  sha256(text: string): Buffer {
    return this.deps.sha256(text);
  }

  /** The rows of a query. Column aliases name the fields of `Row`; the schema's CHECKs guard their values. */
  all<Row>(sql: string, ...values: SqlValues): Row[] {
    return this.statement(sql).all(...values) as Row[];
  }

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one cast from SQL to a row type
  get<Row>(sql: string, ...values: SqlValues): Row | undefined {
    return this.statement(sql).get(...values) as Row | undefined;
  }

  /** Runs a change and returns how many rows it touched. */
  run(sql: string, ...values: SqlValues): number {
    return this.statement(sql).run(...values).changes;
  }

  /** Runs `work` in one transaction: all of it is durable when this returns, or none of it happened. */
  transaction<T>(work: () => T): T {
    return this.sql.transaction(work).immediate();
  }

  close(): void {
    this.sql.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private statement(sql: string): Sqlite.Statement {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.sql.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/**
 * The code of an error of SQLite, such as `SQLITE_BUSY`. Read structurally: the addon throws the error class of
 * whichever copy of its module was loaded first in the process, so `instanceof` does not always hold.
 */
export function sqliteCodeOf(error: unknown): string | null {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : null;
}
