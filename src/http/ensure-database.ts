import type { Operation } from '../domain/operation.js';
import type { App, Database, Org } from '../domain/records.js';
import { findDatabaseById } from '../store/databases.js';
import type { ApiDeps } from './api-deps.js';
import { Problem } from './problem.js';
import { queueAnotherTry, queueDatabase, type WantedDatabase } from './queue-database.js';

export interface EnsuredDatabase {
  database: Database;
  /** What is at work on it; `null` when it is ready. */
  operation: Operation | null;
  created: boolean;
}

/** Creates a database unless it exists, and has one that failed tried again. Call it in a transaction. */
export function ensureDatabase(
  deps: Pick<ApiDeps, 'store' | 'versions' | 'newCredential'>,
  scope: { org: Org; app: App },
  existing: Database | undefined,
  wanted: Omit<WantedDatabase, 'fromVolume'>,
): EnsuredDatabase {
  if (!existing) return { ...queueDatabase(deps, scope, wanted, { app: scope.app.slug }), created: true };
  if (existing.status === 'deleting') {
    throw new Problem('database_deleting', `wait until ${existing.name} is deleted, then ensure it again`);
  }
  for (const setting of ['engineVersion', 'plan'] as const) {
    const value = wanted[setting];
    if (value !== undefined && value !== existing[setting]) {
      throw new Problem(
        'database_differs',
        `${existing.name} has ${setting} ${existing[setting]}, not ${value}: ask for what it has, or leave ${setting} out`,
      );
    }
  }
  const operation = queueAnotherTry(deps, existing);
  return { database: findDatabaseById(deps.store, existing.id) ?? existing, operation, created: false };
}
