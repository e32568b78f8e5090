import type { Login } from '../../../domain/environment.js';
import {
  RuntimeError,
  type DatabaseSpec,
  type Loaded,
  type LoadOptions,
  type LoadSource,
} from '../../runtime.js';
import { findRunning } from '../find-running.js';
import { findServer } from '../find-server.js';
import { literal } from '../roles-sql.js';
import { contentsOf } from '../sql/contents.js';
import { inDatabase } from '../sql/in-database.js';
import { withReader } from '../sql/reader.js';
import type { Session } from '../sql/session.js';
import { asSuperuser } from '../sql/superuser.js';
import type { Attempt, LoadDeps } from './load-attempt.js';
import { loadBeside } from './load-beside.js';
import { loadNames } from './load-names.js';
import { loadableExtensions } from './loadable-extensions.js';
import { resumePooler } from './pause-pooler.js';
import { requireEmpty } from './require-empty.js';
import { tidyIn } from './tidy.js';

/**
 * Puts other data in place of a database's own. All is made beside it, in the same server; what it is called is
 * exchanged in one transaction. Which databases there are tells how far an earlier attempt came.
 */
export async function loadDatabase(
  deps: LoadDeps,
  spec: DatabaseSpec,
  source: LoadSource,
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
    return await loadBeside(deps, attempt, source, extensions);
  } catch (error) {
    if (signal.aborted) {
      throw new RuntimeError('aborted', 'Stopped before the data was in its place', { cause: error });
    }
    throw await explained(deps, spec, error, signal);
  }
}

interface Found {
  /** An earlier attempt has put the data in its place. */
  isInPlace: boolean;
  /** What a tenant may create there. */
  extensions: ReadonlySet<string>;
}

/** Clears away what an earlier attempt has left, and looks at what there is then. */
function look(deps: LoadDeps, { spec, server, names, options: { signal } }: Attempt): Promise<Found> {
  const previous = `SELECT FROM pg_database WHERE datname = ${literal(names.previous)}`;
  const inSession = async (session: Session) => {
    // It ends a swap that is still going on, or waits for it.
    await tidyIn(deps, spec.id, session, signal);
    const isInPlace = (await session.query(previous)).length > 0;
    return { isInPlace, extensions: await loadableExtensions(session) };
  };
  return asSuperuser(deps.engine.execs, server.container.id, inSession, signal);
}

/** An earlier attempt was broken off when all was done. */
async function finish(deps: LoadDeps, { spec, server, names, options }: Attempt): Promise<Loaded> {
  const { signal } = options;
  const pooler = await findRunning(deps, 'pooler', spec.id, signal);
  if (pooler.id !== null) await resumePooler(deps.engine.execs, pooler.id, signal);
  // Policies may hide rows from the tenant's own login.
  const { engine, processId, logger } = deps;
  const place = { execs: engine.execs, containerId: server.container.id, processId, logger };
  const count = (login: Login) =>
    inDatabase(server.address, { login, major: spec.engineVersion }, contentsOf, signal);
  const contents = await withReader(place, count, signal);
  return { contents, source: null, skipped: [], interruptedMs: 0, previous: names.previous };
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
