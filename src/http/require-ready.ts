import type { Database } from '../domain/records.js';
import { Problem } from './problem.js';

/** Throws unless a database answers, so that something can be done with it. */
export function requireReady(database: Database, what: string): void {
  if (database.status === 'ready') return;
  if (database.status === 'deleted') {
    throw new Problem('database_not_found', `database ${database.name} is deleted: it cannot be ${what}`);
  }
  const code = database.status === 'deleting' ? 'database_deleting' : 'database_not_ready';
  throw new Problem(code, `it is ${database.status}: only a ready one can be ${what}`);
}
