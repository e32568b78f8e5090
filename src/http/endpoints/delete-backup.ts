import { removeBackup } from '../../store/backups.js';
import { isBackupInUse } from '../../store/operations.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint } from '../endpoint.js';
import { requireBackup } from '../find-backup.js';
import { Problem } from '../problem.js';

export const deleteBackupEndpoint = ({ store, tidyBackups }: Pick<ApiDeps, 'store' | 'tidyBackups'>) =>
  endpoint({
    id: 'deleteBackup',
    method: 'delete',
    scope: 'database',
    path: '/backups/:id',
    role: 'owner',
    summary: 'Delete a backup and its files',
    findsDeleted: true,
    responses: { 204: { description: 'It is gone.' } },
    handle: ({ scope: { app, database }, params: { id = '' }, audit }) => {
      const backup = requireBackup(store, database, id);
      if (backup.status === 'pending' || backup.status === 'running') {
        throw new Problem('backup_in_progress', `it is ${backup.status}: delete it once it is done`);
      }
      if (isBackupInUse(store, id)) {
        throw new Problem('backup_in_use', 'an operation needs it: delete it once that is done');
      }
      removeBackup(store, id);
      audit('backup.delete', `${app.slug}/${database.name}`, { databaseId: database.id, backupId: id });
      setImmediate(tidyBackups);
      return { status: 204 };
    },
  });
