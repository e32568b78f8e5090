import type { Operation } from '../domain/operation.js';
import type { Database } from '../domain/records.js';

/** Where an operation can be read, during and after the life of its database. */
export function operationLocation(
  { org, app, id }: Pick<Database, 'org' | 'app' | 'id'>,
  operation: Operation,
): string {
  return `/api/orgs/${org}/apps/${app}/databases/${id}/operations/${operation.id}`;
}
