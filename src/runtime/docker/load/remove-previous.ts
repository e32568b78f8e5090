import type { ApplyOptions, DatabaseSpec } from '../../runtime.js';
import type { StepDeps } from '../attempt.js';
import { findServer } from '../find-server.js';
import { dropDatabase } from './clear-away.js';
import { loadNames } from './load-names.js';
import { asSuperuser } from '../sql/superuser.js';

/** Drops the former data that a load has kept. What is gone is dropped. */
export async function removePrevious(
  deps: Pick<StepDeps, 'engine' | 'prefix' | 'names'>,
  spec: DatabaseSpec,
  loadId: string,
  { signal }: ApplyOptions,
): Promise<void> {
  const { previous } = loadNames(loadId);
  const { container } = await findServer(deps, spec, signal);
  await asSuperuser(deps.engine.execs, container.id, (session) => dropDatabase(session, previous), signal);
}
