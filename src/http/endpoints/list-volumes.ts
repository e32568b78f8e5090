import { listPreservedVolumes } from '../../store/volumes.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';
import { volumeResource, volumeSchema } from '../schemas/volume.js';

export const listVolumesEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listVolumes',
    method: 'get',
    scope: 'host',
    path: '/volumes',
    role: 'operator',
    summary: 'The preserved volumes of deleted databases',
    query: pageQuery,
    responses: { 200: { description: 'Oldest first.', body: pageOf(volumeSchema) } },
    handle: ({ query }) => ({
      status: 200,
      body: mapPage(listPreservedVolumes(store, query), volumeResource),
    }),
  });
