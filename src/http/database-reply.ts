import type { Operation } from '../domain/operation.js';
import type { Database } from '../domain/records.js';
import { findDatabaseById } from '../store/databases.js';
import type { ApiDeps } from './api-deps.js';
import type { Reply } from './endpoint.js';
import { databaseResource, type DatabaseView } from './schemas/database.js';

/** The answers of the endpoints that change a database: 202 while an operation is at it, then 200 or 201. */
export function databaseReply({ store, ...view }: Pick<ApiDeps, 'store'> & DatabaseView) {
  const reply = (database: Database, status: number): Reply => ({
    status,
    body: databaseResource(database, view),
    headers: { Location: `/api/orgs/${database.org}/apps/${database.app}/databases/${database.id}` },
  });
  return {
    /** `created`: whether this request made the database, rather than found it. */
    answer: (database: Database, operation: Operation | null, created = false): Reply =>
      operation
        ? { ...reply(database, 202), awaits: operation.id, ...(created && { created }) }
        : reply(database, 200),
    settled: (_request: unknown, operation: Operation, first: Reply): Reply => {
      const database = findDatabaseById(store, operation.databaseId);
      if (!database) throw new Error(`operation ${operation.id} has no database`);
      if (operation.status !== 'succeeded') return reply(database, 202);
      return reply(database, first.created ? 201 : 200);
    },
  };
}
