import type { Operation } from '../domain/operation.js';
import type { Database } from '../domain/records.js';
import { findDatabaseById } from '../store/databases.js';
import type { ApiDeps } from './api-deps.js';
import type { Reply } from './endpoint.js';
import { databaseResource } from './schemas/database.js';

/** The answers of the endpoints that change a database: 202 while an operation is at it, then `doneStatus`. */
export function databaseReply(
  { store, endpointsOf }: Pick<ApiDeps, 'store' | 'endpointsOf'>,
  doneStatus: 200 | 201,
) {
  const reply = (database: Database, status: number, operationId?: string): Reply => ({
    status,
    body: databaseResource(database, endpointsOf(database.id)),
    headers: { Location: `/api/orgs/${database.org}/apps/${database.app}/databases/${database.id}` },
    ...(operationId !== undefined && { awaits: operationId }),
  });
  return {
    answer: (database: Database, operation: Operation | null): Reply =>
      operation ? reply(database, 202, operation.id) : reply(database, 200),
    settled: (_request: unknown, operation: Operation): Reply => {
      const database = findDatabaseById(store, operation.databaseId);
      if (!database) throw new Error(`operation ${operation.id} has no database`);
      return reply(database, operation.status === 'succeeded' ? doneStatus : 202);
    },
  };
}
