import type { Operation } from '../../domain/operation.js';
import { enqueueOperation, findUnfinishedOperationOn } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { requireBackup } from '../find-backup.js';
import { operationLocation } from '../operation-location.js';
import { Problem } from '../problem.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

export const verifyBackupEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'verifyBackup',
    method: 'post',
    scope: 'database',
    path: '/backups/:id/verify',
    role: 'member',
    summary: 'Restore a backup where nobody is, to prove it',
    description:
      'What is there then is compared with what was counted when it was made; the operation fails with the differences. While one is under way, asking again is answered with that.',
    findsDeleted: true,
    responses: {
      200: { description: 'It holds what was dumped (Prefer: wait).', body: operationSchema },
      202: { description: 'The operation that does it; or that failed, and why.', body: operationSchema },
    },
    handle: ({ scope: { app, database }, params: { id = '' }, audit }) => {
      const backup = requireBackup(store, database, id);
      if (backup.status !== 'succeeded') {
        throw new Problem(
          'backup_not_stored',
          `it is ${backup.status}: only one that succeeded can be verified`,
        );
      }
      const unfinished = findUnfinishedOperationOn(store, id, 'verify');
      const operation =
        unfinished ??
        enqueueOperation(store, {
          databaseId: database.id,
          kind: 'verify',
          backupId: id,
        });
      if (!unfinished)
        audit('backup.verify', `${app.slug}/${database.name}`, { databaseId: database.id, backupId: id });
      const Location = operationLocation(database, operation);
      return { status: 202, headers: { Location }, body: operationResource(operation), awaits: operation.id };
    },
    settled: (_request, operation: Operation): Reply => ({
      status: operation.status === 'succeeded' ? 200 : 202,
      body: operationResource(operation),
    }),
  });
