import { findBackupOf, findWaitingBackup } from '../../store/backups.js';
import { queueBackup } from '../../store/queue-backup.js';
import type { ApiDeps } from '../api-deps.js';
import { endpoint, type Reply } from '../endpoint.js';
import { requireReady } from '../require-ready.js';
import { backupResource, backupSchema } from '../schemas/backup.js';

export const createBackupEndpoint = ({ store }: Pick<ApiDeps, 'store'>) => {
  const reply = (operationId: string, status: number): Reply => {
    const backup = findBackupOf(store, operationId);
    if (!backup) throw new Error(`operation ${operationId} has no backup`);
    return { status, body: backupResource(backup) };
  };
  return endpoint({
    id: 'createBackup',
    method: 'post',
    scope: 'database',
    path: '/backups',
    role: 'member',
    summary: 'Back a database up now',
    description:
      'Kept until somebody removes it. It holds what the database holds later than it was asked for: asking again is ' +
      'answered with the same only while that waits for its turn.',
    responses: {
      201: { description: 'It is stored (Prefer: wait).', body: backupSchema },
      202: { description: 'It will be made; its status says what became of it.', body: backupSchema },
    },
    handle: ({ scope: { app, database }, audit }) => {
      requireReady(database, 'backed up');
      const waiting = findWaitingBackup(store, database.id, 'manual');
      if (waiting) return { ...reply(waiting.operationId, 202), awaits: waiting.operationId };
      const { backupId: id, operation } = queueBackup(store, database, { kind: 'manual', keptForMs: null });
      audit('backup.create', `${app.slug}/${database.name}`, { databaseId: database.id, backupId: id });
      const Location = `/api/orgs/${database.org}/apps/${database.app}/databases/${database.id}/backups/${id}`;
      return { ...reply(operation.id, 202), headers: { Location }, awaits: operation.id };
    },
    settled: (_request, operation): Reply =>
      reply(operation.id, operation.status === 'succeeded' ? 201 : 202),
  });
};
