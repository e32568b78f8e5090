import { z } from 'zod';
import { DEADLINE_MS } from '../../domain/deadlines.js';
import { findDatabaseById, setDatabaseStatus } from '../../store/databases.js';
import { cancelOperations, enqueueOperation, findUnfinishedOperation } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { databaseReply } from '../database-reply.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { databaseSchema } from '../schemas/database.js';

const querySchema = z.strictObject({
  deleteVolume: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .meta({ description: 'Whether the data is destroyed too. Without it the volume is preserved.' }),
});

export const deleteDatabaseEndpoint = (deps: Pick<ApiDeps, 'store' | 'endpointsOf'>) => {
  const { store } = deps;
  const { answer, settled } = databaseReply(deps);
  return endpoint({
    id: 'deleteDatabase',
    method: 'delete',
    scope: 'database',
    path: '',
    role: 'owner',
    summary: 'Delete a database and keep its volume, unless told otherwise',
    description:
      'Asking again while it is being deleted changes nothing; asking otherwise of the volume is a 409.',
    query: querySchema,
    responses: {
      200: { description: 'It is deleted (Prefer: wait).', body: databaseSchema },
      202: { description: 'It is being deleted.', body: databaseSchema },
    },
    handle: ({ scope: { app, database }, query: { deleteVolume }, audit }) => {
      const removal = findUnfinishedOperation(store, database.id, ['remove']);
      if (removal && removal.deleteVolume !== deleteVolume) {
        throw new Problem(
          'database_deleting',
          removal.deleteVolume
            ? 'it is being deleted with its volume already'
            : 'it is being deleted and its volume preserved: purge that once it is done',
        );
      }
      if (removal) return answer(database, removal);
      cancelOperations(store, database.id);
      setDatabaseStatus(store, database.id, 'deleting');
      const operation = enqueueOperation(store, {
        databaseId: database.id,
        kind: 'remove',
        deleteVolume,
        deadlineMs: DEADLINE_MS.remove,
      });
      audit('database.delete', `${app.slug}/${database.name}`, { databaseId: database.id, deleteVolume });
      return answer(findDatabaseById(store, database.id) ?? database, operation);
    },
    settled,
  });
};
