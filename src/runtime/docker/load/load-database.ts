import type { Login } from '../../../domain/environment.js';
import {
  RuntimeError,
  type DatabaseContents,
  type DatabaseSpec,
  type FindSource,
  type Loaded,
  type LoadOptions,
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
  find: FindSource,
  options: LoadOptions,
): Promise<Loaded> {
  const { signal, loadId } = options;
  const names = loadNames(loadId);
  try {
    await deps.networks.enter(spec.org, signal);
    const server = await findServer(deps, spec, signal);
    const exchange = { begun: false };
    const onExchange = (previous: string | null) => {
      exchange.begun = previous !== null;
      options.onExchange(previous);
    };
    const attempt = { spec, server, names, options: { ...options, onExchange } };
    const { isInPlace, extensions } = await look(deps, attempt);
    if (isInPlace) return await finish(deps, attempt);
    if (!options.replace) await requireEmpty(server, spec, signal);
    const source = await find();
    try {
      return await loadBeside(deps, attempt, source, extensions);
    } catch (error) {
      // An exchange that failed may be done, and only its answer lost.
      if (exchange.begun && (await look(deps, attempt)).isInPlace) return await finish(deps, attempt);
      throw error;
    }
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
async function look(deps: LoadDeps, { spec, server, names, options }: Attempt): Promise<Found> {
  const { signal, onExchange } = options;
  const previous = `SELECT FROM pg_database WHERE datname = ${literal(names.previous)}`;
  const inSession = async (session: Session) => {
    // It ends a swap that is still going on, or waits for it.
    await tidyIn(deps, spec.id, session, signal);
    const isInPlace = (await session.query(previous)).length > 0;
    return { isInPlace, extensions: await loadableExtensions(session) };
  };
  const found = await asSuperuser(deps.engine.execs, server.container.id, inSession, signal);
  if (!found.isInPlace) onExchange(null);
  return found;
}

/** What an attempt was broken off at when all was done. It is loaded, whatever goes wrong from here on. */
async function finish(deps: LoadDeps, attempt: Attempt): Promise<Loaded> {
  const { spec, names, options } = attempt;
  const contents = await resumeAndCount(deps, attempt).catch((error: unknown) => {
    options.signal.throwIfAborted();
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
