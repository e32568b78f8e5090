import type { StepDeps } from '../attempt.js';
import { kindLabels, LABEL } from '../labels.js';
import { clearAway } from './clear-away.js';
import { findRunning } from './find-containers.js';
import { closeWorkbench } from './open-workbench.js';
import { resumePooler } from './pause-pooler.js';
import { asSuperuser } from '../sql/superuser.js';

type Deps = Pick<StepDeps, 'engine' | 'prefix' | 'names'>;

/**
 * Removes what loads of a database have left, when none is at work. The workbench goes last: as long as it is there,
 * it tells that there may be something to clear away in a PostgreSQL that does not run now.
 */
export async function tidy(deps: Deps, databaseId: string, signal: AbortSignal): Promise<void> {
  const { engine, prefix } = deps;
  const postgres = await findRunning(deps, 'postgres', databaseId, signal);
  if (postgres.id === null && postgres.exists) return;
  if (postgres.id !== null && (await asSuperuser(engine.execs, postgres.id, clearAway, signal))) {
    const pooler = await findRunning(deps, 'pooler', databaseId, signal);
    if (pooler.id !== null) await resumePooler(engine.execs, pooler.id, signal);
  }
  const labels = { ...kindLabels(prefix, 'workbench'), [LABEL.target]: databaseId };
  for (const bench of await engine.containers.list(labels, signal)) {
    await closeWorkbench(deps, bench.labels[LABEL.load] ?? '', signal);
  }
}
