import { listBackups } from '../../store/backups.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { backupResource, backupSchema } from '../schemas/backup.js';
import { mapPage, pageOf, pageQuery } from '../schemas/page.js';

export const listBackupsEndpoint = ({ store }: Pick<ApiDeps, 'store'>) =>
  endpoint({
    id: 'listBackups',
    method: 'get',
    scope: 'database',
    path: '/backups',
    role: 'viewer',
    summary: 'The backups of a database',
    description: 'Those of a deleted database too, by its id.',
    findsDeleted: true,
    query: pageQuery,
    responses: { 200: { description: 'Newest first.', body: pageOf(backupSchema) } },
    handle: ({ scope, query }) => ({
      status: 200,
      body: mapPage(listBackups(store, scope.database.id, query), backupResource),
    }),
  });
