import type { Login } from '../../../domain/environment.js';
import type { DatabaseContents, DatabaseSpec, FindSource, Loaded, LoadOptions } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { findRunning } from '../find-running.js';
import { findServer } from '../find-server.js';
import { contentsOf } from '../sql/contents.js';
import { inDatabase } from '../sql/in-database.js';
import { withReader } from '../sql/reader.js';
import type { Attempt, LoadDeps } from './load-attempt.js';
import { loadBeside } from './load-beside.js';
import { loadNames } from './load-names.js';
import { look } from './look.js';
import { resumePooler } from './pause-pooler.js';
import { requireEmpty } from './require-empty.js';

/**
 * Puts other data in place of a database's own. All is made beside it, in the same server; what it is called is
 * exchanged in one transaction. Which databases there are tells how far an earlier attempt came.
 */
export async function loadDatabase(
  deps: LoadDeps,
  spec: DatabaseSpec,
  find: FindSource,
  options: LoadOptions,
): Promise<Loaded> {
  const { signal, loadId } = options;
  const names = loadNames(loadId);
  try {
    await deps.networks.enter(spec.org, signal);
    const server = await findServer(deps, spec, signal);
    const attempt = { spec, server, names, options };
    const { isInPlace, extensions } = await look(deps, attempt);
    if (isInPlace) return await finish(deps, attempt);
    if (!options.replace) await requireEmpty(server, spec, signal);
    return await loadBeside(deps, attempt, await find(), extensions);
  } catch (error) {
    if (signal.aborted) {
      throw new RuntimeError('aborted', 'Stopped before the data was known to be in its place', {
        cause: error,
      });
    }
    throw await explained(deps, spec, error, signal);
  }
}

/** An earlier attempt was broken off when all was done. It is loaded, whatever goes wrong from here on. */
async function finish(deps: LoadDeps, attempt: Attempt): Promise<Loaded> {
  const { spec, names } = attempt;
  const contents = await resumeAndCount(deps, attempt).catch((error: unknown) => {
    deps.logger.warn({ database: spec.id, err: error }, 'what was loaded could not be counted');
    return null;
  });
  return { contents, source: null, skipped: null, interruptedMs: null, previous: names.previous };
}

async function resumeAndCount(
  deps: LoadDeps,
  { spec, server, options: { signal } }: Attempt,
): Promise<DatabaseContents> {
  const { engine, processId, logger } = deps;
  const pooler = await findRunning(deps, 'pooler', spec.id, signal);
  if (pooler.id !== null) await resumePooler(engine.execs, pooler.id, signal);
  // Policies may hide rows from the tenant's own login.
  const place = { execs: engine.execs, containerId: server.container.id, processId, logger };
  const count = (login: Login) =>
    inDatabase(server.address, { login, major: spec.engineVersion }, contentsOf, signal);
  return withReader(place, count, signal);
}

/** That PostgreSQL stopped says more than what was seen of it. */
async function explained(
  deps: LoadDeps,
  spec: DatabaseSpec,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof RuntimeError) || error.code !== 'unavailable') return error;
  try {
    await findServer(deps, spec, signal);
    return error;
  } catch (state) {
    if (!(state instanceof RuntimeError) || state.code !== 'not_running') return error;
    const message = `PostgreSQL stopped while it was loaded. ${state.message} (${error.message})`;
    return new RuntimeError('not_running', message, { cause: error });
  }
}
