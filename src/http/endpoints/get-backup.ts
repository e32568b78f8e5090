import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { requireBackup } from '../find-backup.js';
import { backupResource, backupSchema } from '../schemas/backup.js';

export const getBackupEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'getBackup',
    method: 'get',
    scope: 'database',
    path: '/backups/:id',
    role: 'viewer',
    summary: 'One backup',
    findsDeleted: true,
    responses: { 200: { description: 'The backup.', body: backupSchema } },
    handle: ({ scope: { database }, params: { id = '' } }) => ({
      status: 200,
      body: backupResource(requireBackup(store, database, id)),
    }),
  });
