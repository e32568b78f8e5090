import { findVolume } from '../../store/volumes.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../problem.js';
import { volumeResource, volumeSchema } from '../schemas/volume.js';

export const getVolumeEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'getVolume',
    method: 'get',
    scope: 'host',
    path: '/volumes/:id',
    role: 'operator',
    summary: 'One volume, whatever its state',
    responses: { 200: { description: 'The volume.', body: volumeSchema } },
    handle: ({ params: { id = '' } }) => {
      const volume = findVolume(store, id);
      if (!volume) throw new Problem('volume_not_found', `there is no volume ${id}`);
      return { status: 200, body: volumeResource(volume) };
    },
  });
