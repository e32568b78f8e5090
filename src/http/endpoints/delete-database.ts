import { z } from 'zod';
import type { Operation } from '../../domain/operation.js';
import type { Database } from '../../domain/records.js';
import { findDatabaseById, setDatabaseStatus } from '../../store/databases.js';
import { cancelOperations, enqueueOperation, findUnfinishedOperation } from '../../store/operations.js';
import { queueBackup } from '../../store/queue-backup.js';
import { findVolume } from '../../store/volumes.js';
import type { ApiDeps } from '../api-deps.js';
import { databaseReply } from '../database-reply.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { databaseSchema, type DatabaseView } from '../schemas/database.js';

const flag = z.enum(['true', 'false']);

const querySchema = z.strictObject({
  deleteVolume: flag
    .default('false')
    .transform((value) => value === 'true')
    .meta({ description: 'Whether the data is destroyed too. Without it the volume is preserved.' }),
  finalBackup: flag
    .optional()
    .transform((value) => (value === undefined ? undefined : value === 'true'))
    .meta({
      description:
        'Whether a last backup is made first. Unless said otherwise, that is so where the data is destroyed; when it fails, or cannot be restored where backups are verified, the volume is preserved after all. What is written while it is made is not in it.',
    }),
});

type Wanted = z.output<typeof querySchema>;

export const deleteDatabaseEndpoint = (deps: Pick<ApiDeps, 'store' | 'backupRetentionMs'> & DatabaseView) => {
  const { store, backupRetentionMs } = deps;
  const { answer, settled } = databaseReply(deps);
  return endpoint({
    id: 'deleteDatabase',
    method: 'delete',
    scope: 'database',
    path: '',
    role: 'owner',
    summary: 'Delete a database and keep its volume, unless told otherwise',
    description:
      'Asking again while it is being deleted changes nothing; asking otherwise of the volume or the backup is a 409.',
    query: querySchema,
    responses: {
      200: { description: 'It is deleted (Prefer: wait).', body: databaseSchema },
      202: { description: 'It is being deleted.', body: databaseSchema },
    },
    handle: ({ scope: { app, database }, query, audit }) => {
      const removal = findUnfinishedOperation(store, database.id, ['remove']);
      if (removal) {
        refuseAnother(removal, query);
        return answer(database, removal);
      }
      const { deleteVolume } = query;
      // What was never ready holds nothing, unless it was attached: the volume knows.
      const holdsData = findVolume(store, database.volumeId)?.holdsData ?? true;
      const finalBackup = (query.finalBackup ?? deleteVolume) && holdsData;
      if (finalBackup) requireReady(database);
      cancelOperations(store, database.id);
      setDatabaseStatus(store, database.id, 'deleting');
      const backupId = finalBackup
        ? queueBackup(store, database, { kind: 'final', keptForMs: backupRetentionMs }).backupId
        : null;
      const operation = enqueueOperation(store, {
        databaseId: database.id,
        kind: 'remove',
        deleteVolume,
        ...(backupId !== null && { backupId }),
      });
      const target = `${app.slug}/${database.name}`;
      audit('database.delete', target, { databaseId: database.id, deleteVolume, finalBackupId: backupId });
      return answer(findDatabaseById(store, database.id) ?? database, operation);
    },
    settled,
  });
};

function requireReady({ status }: Database): void {
  if (status === 'ready') return;
  throw new Problem(
    'database_not_ready',
    `it is ${status}, so that no final backup can be made of it: have it ready first (POST …/restart repairs it), or give its data up with finalBackup=false`,
  );
}

/** What is under way cannot be changed any more. */
function refuseAnother(removal: Operation, { deleteVolume, finalBackup }: Wanted): void {
  if (removal.deleteVolume !== deleteVolume) {
    throw new Problem(
      'database_deleting',
      removal.deleteVolume
        ? 'it is being deleted with its volume already'
        : 'it is being deleted and its volume preserved: purge that once it is done',
    );
  }
  if (finalBackup === undefined || finalBackup === (removal.backupId !== null)) return;
  throw new Problem(
    'database_deleting',
    finalBackup ? 'it is being deleted without a final backup' : 'it is being deleted after a final backup',
  );
}
