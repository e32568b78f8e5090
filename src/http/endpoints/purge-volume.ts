import { DEADLINE_MS } from '../../domain/deadlines.js';
import type { Operation } from '../../domain/operation.js';
import { enqueueOperation } from '../../store/operations.js';
import { findVolume, setVolumeState } from '../../store/volumes.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { operationLocation } from '../operation-location.js';
import { Problem } from '../problem.js';
import { operationResource, operationSchema } from '../schemas/operation.js';

export const purgeVolumeEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'purgeVolume',
    method: 'delete',
    scope: 'host',
    path: '/volumes/:id',
    role: 'operator',
    summary: 'Destroy a preserved volume for good',
    responses: {
      200: { description: 'It is gone (Prefer: wait).', body: operationSchema },
      202: { description: 'The operation that destroys it.', body: operationSchema },
    },
    handle: ({ params: { id = '' }, audit }) => {
      const volume = findVolume(store, id);
      if (!volume || volume.state === 'purged')
        throw new Problem('volume_not_found', `there is no volume ${id}`);
      if (!setVolumeState(store, id, 'purging', ['preserved'])) {
        throw new Problem(
          'volume_in_use',
          `volume ${id} is ${volume.state}: only a preserved volume can be purged`,
        );
      }
      const operation = enqueueOperation(store, {
        databaseId: volume.databaseId,
        kind: 'purge',
        deadlineMs: DEADLINE_MS.purge,
      });
      audit('volume.purge', id, { org: volume.org, app: volume.app, database: volume.databaseName });
      const Location = operationLocation({ ...volume, id: volume.databaseId }, operation);
      return { status: 202, headers: { Location }, body: operationResource(operation), awaits: operation.id };
    },
    settled: (_request, operation: Operation): Reply => ({
      status: operation.status === 'succeeded' ? 200 : 202,
      body: operationResource(operation),
    }),
  });
