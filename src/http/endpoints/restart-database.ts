import type { Operation } from '../../domain/operation.js';
import { enqueueOperation } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { operationLocation } from '../operation-location.js';
import { Problem } from '../problem.js';
import { queueAnotherTry } from '../queue-database.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

export const restartDatabaseEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'restartDatabase',
    method: 'post',
    scope: 'database',
    path: '/restart',
    role: 'member',
    summary: 'Restart a database, or try again one that failed',
    responses: {
      200: { description: 'It answers again (Prefer: wait).', body: operationSchema },
      202: { description: 'The operation that does it.', body: operationSchema },
    },
    handle: ({ scope: { app, database }, audit }) => {
      if (database.status === 'deleting')
        throw new Problem('database_deleting', 'it cannot be restarted any more');
      const operation =
        queueAnotherTry({ store }, database) ??
        enqueueOperation(store, {
          databaseId: database.id,
          kind: 'restart',
        });
      audit('database.restart', `${app.slug}/${database.name}`, { databaseId: database.id });
      const Location = operationLocation(database, operation);
      return { status: 202, headers: { Location }, body: operationResource(operation), awaits: operation.id };
    },
    settled: (_request, operation: Operation): Reply => ({
      status: operation.status === 'succeeded' ? 200 : 202,
      body: operationResource(operation),
    }),
  });
