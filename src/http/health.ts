import { Router } from 'express';
import { backupHealth, type BackupHealth } from '../domain/backup-health.js';
import { listBackupFacts } from '../store/backup-facts.js';
import type { ApiDeps } from './api-deps.js';
import { Problem } from './problem.js';

const CHECK_TIMEOUT_MS = 3000;

type Deps = Pick<ApiDeps, 'store' | 'checkRuntime' | 'isBackupOverdue'>;

/**
 * `/healthz`: the process answers. `/readyz`: the store and the runtime can be used. Backups that are overdue do not
 * make it unready, for whoever takes it out of service then would only have more of them; they are counted.
 */
export function healthRoutes({ store, checkRuntime, isBackupOverdue }: Deps): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    let backups: BackupHealth;
    try {
      backups = backupHealth(listBackupFacts(store), isBackupOverdue, new Date(store.now()));
    } catch (error) {
      throw new Problem('not_usable', `the control database cannot be read: ${messageOf(error)}`);
    }
    try {
      await checkRuntime(AbortSignal.timeout(CHECK_TIMEOUT_MS));
    } catch (error) {
      throw new Problem('not_usable', messageOf(error));
    }
    res.json({ status: 'ready', backups });
  });
  return router;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
