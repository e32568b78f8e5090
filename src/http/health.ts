import { Router } from 'express';
import type { ApiDeps } from './api-deps.js';
import { Problem } from './problem.js';

const CHECK_TIMEOUT_MS = 3000;

/** `/healthz`: the process answers. `/readyz`: the store and the runtime can be used. */
export function healthRoutes({ store, checkRuntime }: Pick<ApiDeps, 'store' | 'checkRuntime'>): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    try {
      store.get('SELECT 1');
    } catch (error) {
      throw new Problem('not_usable', `the control database cannot be read: ${messageOf(error)}`);
    }
    try {
      await checkRuntime(AbortSignal.timeout(CHECK_TIMEOUT_MS));
    } catch (error) {
      throw new Problem('not_usable', messageOf(error));
    }
    res.json({ status: 'ready' });
  });
  return router;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
