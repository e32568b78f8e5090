import type { Operation } from '../../domain/operation.js';
import { enqueueOperation, findUnfinishedOperation } from '../../store/operations.js';
import { findVolume, setVolumeState } from '../../store/volumes.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { Problem } from '../problem.js';
import { volumeResource, volumeSchema } from '../schemas/volume.js';

export const purgeVolumeEndpoint = ({ store }: Pick<ApiDeps, 'store'>) => {
  const reply = (id: string, status: number): Reply => {
    const volume = findVolume(store, id);
    if (!volume) throw new Problem('volume_not_found', `there is no volume ${id}`);
    return { status, headers: { Location: `/api/volumes/${id}` }, body: volumeResource(volume) };
  };
  return endpoint({
    id: 'purgeVolume',
    method: 'delete',
    scope: 'host',
    path: '/volumes/:id',
    role: 'operator',
    summary: 'Destroy a preserved volume for good',
    responses: {
      200: { description: 'It is gone (Prefer: wait).', body: volumeSchema },
      202: { description: 'It is being destroyed.', body: volumeSchema },
    },
    handle: ({ params: { id = '' }, audit }) => {
      const volume = findVolume(store, id);
      if (!volume || volume.state === 'purged') {
        throw new Problem('volume_not_found', `there is no volume ${id}`);
      }
      const { databaseId } = volume;
      const purge = findUnfinishedOperation(store, databaseId, ['purge']);
      if (purge) return { ...reply(id, 202), awaits: purge.id };
      if (!setVolumeState(store, id, 'purging', ['preserved'])) {
        throw new Problem(
          'volume_in_use',
          `volume ${id} is ${volume.state}: only a preserved volume can be purged`,
        );
      }
      const operation = enqueueOperation(store, { databaseId, kind: 'purge' });
      audit('volume.purge', id, { app: volume.app, database: volume.databaseName }, volume.org);
      return { ...reply(id, 202), awaits: operation.id };
    },
    settled: ({ params: { id = '' } }, { status }: Operation) =>
      reply(id, status === 'succeeded' ? 200 : 202),
  });
};
