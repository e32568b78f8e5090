import type { Operation } from '../../domain/operation.js';
import { insertLoad } from '../../store/loads.js';
import { enqueueOperation } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { requireBackup } from '../find-backup.js';
import { operationLocation } from '../operation-location.js';
import { Problem } from '../problem.js';
import { queueRestored, requireOneForm, requireReplaceable } from '../restore-target.js';
import { newRestoreSchema } from '../schemas/restore.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

type Deps = Pick<ApiDeps, 'store' | 'versions' | 'newCredential' | 'backupRetentionMs'>;

export const restoreDatabaseEndpoint = (deps: Deps) => {
  const { store, backupRetentionMs } = deps;
  return endpoint({
    id: 'restoreDatabase',
    method: 'post',
    scope: 'database',
    path: '/restore',
    role: 'admin',
    summary: 'Restore a backup into a new database, or in place of what the database holds',
    description:
      'With `as` a new database is made, also from a backup of a deleted one, which its id names. It is `ready`, and empty, before the restore is done: whether it is, the operation tells. With `replace` the backup is loaded beside and compared with its manifest; then it takes the place of what is there, in less than a second. What was there is kept for a while under the name that the result of the operation tells. A restore that fails changes nothing.',
    findsDeleted: true,
    body: newRestoreSchema,
    faults: { as: 'invalid_database_name' },
    responses: {
      200: { description: 'It is restored (Prefer: wait).', body: operationSchema },
      202: {
        description: 'The operation that does it, of the new database with `as`; or that failed, and why.',
        body: operationSchema,
      },
    },
    handle: ({ scope, body, caller, audit }) => {
      requireOneForm(body);
      const { app, database } = scope;
      const backup = requireBackup(store, database, body.backupId);
      if (backup.status !== 'succeeded' || backup.sizeBytes === null) {
        throw new Problem(
          'backup_not_stored',
          `it is ${backup.status}: only one that succeeded can be restored`,
        );
      }
      if (body.as === undefined) requireReplaceable(database, backup, body.confirm);
      const target =
        body.as === undefined
          ? database
          : queueRestored(deps, scope, { backup, name: body.as, plan: body.plan }, caller);
      const operation = enqueueOperation(store, {
        databaseId: target.id,
        kind: 'restore',
        backupId: backup.id,
      });
      insertLoad(store, {
        operationId: operation.id,
        databaseId: target.id,
        replaces: body.as === undefined,
        sourceUrl: null,
        previousKeptForMs: backupRetentionMs,
      });
      audit('database.restore', `${app.slug}/${target.name}`, {
        databaseId: target.id,
        backupId: backup.id,
        backupOf: database.id,
        operationId: operation.id,
        replace: body.as === undefined,
      });
      const Location = operationLocation(target, operation);
      return { status: 202, headers: { Location }, body: operationResource(operation), awaits: operation.id };
    },
    settled: (_request, operation: Operation): Reply => ({
      status: operation.status === 'succeeded' ? 200 : 202,
      body: operationResource(operation),
    }),
  });
};
