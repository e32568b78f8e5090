import type { ApiDeps } from '../api-deps.js';
import { archiveHeaders } from '../archive-headers.js';
import { endpoint } from '../endpoint.js';
import { requireBackup } from '../find-backup.js';
import { Problem } from '../problem.js';

export const downloadBackupEndpoint = ({ store, openBackup }: Pick<ApiDeps, 'store' | 'openBackup'>) =>
  endpoint({
    id: 'downloadBackup',
    method: 'get',
    scope: 'database',
    path: '/backups/:id/download',
    role: 'admin',
    summary: 'The archive of a backup, for pg_restore',
    description: 'Compare it with `sha256` of the backup. A file that was changed is never sent whole.',
    findsDeleted: true,
    responses: {
      200: {
        description: 'An archive in the custom format of pg_dump.',
        stream: 'application/octet-stream',
      },
    },
    handle: ({ scope: { app, database }, params: { id = '' }, audit }) => {
      const backup = requireBackup(store, database, id);
      if (backup.status !== 'succeeded' || backup.sizeBytes === null) {
        throw new Problem('backup_not_stored', `it is ${backup.status}: only one that succeeded can be had`);
      }
      audit('backup.download', `${app.slug}/${database.name}`, { databaseId: database.id, backupId: id });
      return {
        status: 200,
        headers: {
          ...archiveHeaders(app, database, backup.createdAt),
          'Content-Length': String(backup.sizeBytes),
        },
        stream: () => openBackup(database, backup),
      };
    },
  });
