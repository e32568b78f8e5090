import type { Operation } from '../../domain/operation.js';
import { findBackupOf } from '../../store/backups.js';
import { findUnfinishedOperation } from '../../store/operations.js';
import { queueBackup } from '../../store/queue-backup.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { requireReady } from '../require-ready.js';
import { backupResource, backupSchema } from '../schemas/backup.js';

export const createBackupEndpoint = ({ store }: Pick<ApiDeps, 'store'>) => {
  const reply = (operation: Pick<Operation, 'id'>, status: number): Reply => {
    const backup = findBackupOf(store, operation.id);
    if (!backup) throw new Error(`operation ${operation.id} has no backup`);
    return { status, body: backupResource(backup) };
  };
  return endpoint({
    id: 'createBackup',
    method: 'post',
    scope: 'database',
    path: '/backups',
    role: 'member',
    summary: 'Back a database up now',
    description: 'Kept until somebody removes it. While one is made, asking again is answered with that.',
    responses: {
      201: { description: 'It is stored (Prefer: wait).', body: backupSchema },
      202: { description: 'It will be made; its status says what became of it.', body: backupSchema },
    },
    handle: ({ scope: { app, database }, audit }) => {
      requireReady(database, 'backed up');
      const unfinished = findUnfinishedOperation(store, database.id, ['backup']);
      if (unfinished) return { ...reply(unfinished, 202), awaits: unfinished.id };
      const { backupId: id, operation } = queueBackup(store, database, { kind: 'manual', keptForMs: null });
      audit('backup.create', `${app.slug}/${database.name}`, { databaseId: database.id, backupId: id });
      const Location = `/api/orgs/${database.org}/apps/${database.app}/databases/${database.id}/backups/${id}`;
      return { ...reply(operation, 202), headers: { Location }, awaits: operation.id };
    },
    settled: (_request, operation): Reply => reply(operation, operation.status === 'succeeded' ? 201 : 202),
  });
};
