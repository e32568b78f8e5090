import { RuntimeError } from '../../runtime-error.js';
import type { StepDeps } from '../attempt.js';
import { findRunning } from '../find-running.js';
import { kindLabels, LABEL } from '../labels.js';
import type { Session } from '../sql/session.js';
import { asSuperuser } from '../sql/superuser.js';
import { clearAway } from './clear-away.js';
import { closeWorkbench } from '../workbench/open-workbench.js';
import { resumePooler } from './pause-pooler.js';

type Deps = Pick<StepDeps, 'engine' | 'prefix' | 'names'>;

/** Removes what loads of a database have left, when none is at work. Rejects while its PostgreSQL does not run. */
export async function tidy(deps: Deps, databaseId: string, signal: AbortSignal): Promise<void> {
  const postgres = await findRunning(deps, 'postgres', databaseId, signal);
  const inSession = (session: Session) => tidyIn(deps, databaseId, session, signal);
  if (postgres.id !== null) await asSuperuser(deps.engine.execs, postgres.id, inSession, signal);
  else if (!postgres.exists) await closeWorkbenches(deps, databaseId, signal);
  else throw new RuntimeError('not_running', 'PostgreSQL does not run, and keeps what a load has left in it');
}

/**
 * The same for one that runs, in a session of the superuser. The workbench goes last: as long as it is there, it tells
 * that there may be something to clear away.
 */
export async function tidyIn(
  deps: Deps,
  databaseId: string,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  if (await clearAway(session)) {
    const pooler = await findRunning(deps, 'pooler', databaseId, signal);
    if (pooler.id !== null) await resumePooler(deps.engine.execs, pooler.id, signal);
  }
  await closeWorkbenches(deps, databaseId, signal);
}

async function closeWorkbenches(deps: Deps, databaseId: string, signal: AbortSignal): Promise<void> {
  const { engine, prefix } = deps;
  const of = (kind: 'workbench' | 'scratch') => ({ ...kindLabels(prefix, kind), [LABEL.target]: databaseId });
  // A volume may be all that there is of one.
  const left = [
    ...(await engine.containers.list(of('workbench'), signal)),
    ...(await engine.volumes.list(of('scratch'), signal)),
  ];
  for (const loadId of new Set(left.map(({ labels }) => labels[LABEL.load] ?? ''))) {
    await closeWorkbench(deps, loadId, signal);
  }
}
