import type { Logger } from '../../../domain/logger.js';
import {
  RuntimeError,
  type DatabaseSpec,
  type Loaded,
  type LoadOptions,
  type LoadSource,
} from '../../runtime.js';
import type { StepDeps } from '../attempt.js';
import { findServer, type Server } from '../find-server.js';
import { makeReader, removeReader } from '../sql/reader.js';
import { sleep } from '../engine/deadline.js';
import { besideLoaded } from '../source/beside-loaded.js';
import { withSourceBench } from '../source/source-bench.js';
import { literal } from '../roles-sql.js';
import { Together } from '../together.js';
import { fillFresh } from './fill-fresh.js';
import { findRunning } from './find-containers.js';
import { findUserObjects } from './find-user-objects.js';
import { loadNames, type LoadNames } from './load-names.js';
import { prepareSource } from './load-source.js';
import { loadableExtensions } from './loadable-extensions.js';
import { openWorkbench } from './open-workbench.js';
import { resumePooler } from './pause-pooler.js';
import type { PreparationPlace } from './preparation.js';
import { contentsOf, inDatabase } from './read-loaded.js';
import { asSuperuser } from '../sql/superuser.js';
import { swap } from './swap.js';
import { tidy } from './tidy.js';

export interface LoadDeps extends Pick<StepDeps, 'engine' | 'networks' | 'prefix' | 'names'> {
  /** Of this process, as in `ReaderPlace`. */
  processId: string;
  logger: Logger;
}

/** One attempt at a load. */
interface Attempt {
  spec: DatabaseSpec;
  server: Server;
  names: LoadNames;
  options: LoadOptions;
}

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
    const looking = new Together(signal);
    const [inPlace] = await looking.all(
      isInPlace(deps, attempt, looking.signal),
      tidy(deps, spec.id, looking.signal),
    );
    if (inPlace) return await finish(deps, attempt);
    if (!options.replace) await requireEmpty(attempt);
    return await begin(deps, attempt, source);
  } catch (error) {
    if (signal.aborted) {
      throw new RuntimeError('aborted', 'Stopped before the data was in its place', { cause: error });
    }
    throw await explained(deps, spec, error, signal);
  }
}

async function begin(deps: LoadDeps, attempt: Attempt, from: LoadSource): Promise<Loaded> {
  const { engine } = deps;
  const { spec, server, names, options } = attempt;
  const { signal, loadId, check } = options;
  const onProgress = (step: string, done: number, total: number) =>
    options.onProgress?.({ step, done, total });
  try {
    const purpose = { loadId, databaseId: spec.id };
    const image = { server, major: spec.engineVersion, org: spec.org };
    const opening = new Together(signal);
    const [workbenchId, extensions] = await opening.all(
      openWorkbench(deps, purpose, image, opening.signal),
      loadableExtensions(engine.execs, server.container.id, opening.signal),
    );
    const bench = { purpose, imageId: server.container.imageId, major: spec.engineVersion };
    const place: PreparationPlace = {
      engine,
      containerId: workbenchId,
      major: spec.engineVersion,
      loadableExtensions: extensions,
      withSourceBench: (use, inner) => withSourceBench(deps, bench, use, inner),
      onProgress,
    };
    const preparation = await prepareSource(place, from, signal);
    const filling = { spec, server, names, workbenchId, preparation, check, onProgress };
    const { contents, skipped } = await fillFresh(deps, filling, signal);
    signal.throwIfAborted();
    onProgress('Putting it in its place', 0, 1);
    const pooler = await findRunning(deps, 'pooler', spec.id, signal);
    const swapPlace = { execs: engine.execs, postgresId: server.container.id, poolerId: pooler.id };
    const interruptedMs = await swap(swapPlace, names);
    const source = preparation.source && besideLoaded(preparation.source, contents, extensions);
    return { contents, source, skipped, interruptedMs, previous: names.previous };
  } finally {
    await cleanUp(deps, spec.id);
  }
}

/** An earlier attempt was broken off when all was done. */
async function finish(deps: LoadDeps, { spec, server, names, options }: Attempt): Promise<Loaded> {
  const { signal } = options;
  const pooler = await findRunning(deps, 'pooler', spec.id, signal);
  if (pooler.id !== null) await resumePooler(deps.engine.execs, pooler.id, signal);
  // Policies may hide rows from the tenant's own login.
  const place = { execs: deps.engine.execs, containerId: server.container.id, processId: deps.processId };
  const reader = await makeReader(place, signal);
  const as = { login: reader, major: spec.engineVersion };
  const contents = await inDatabase(server.address, as, contentsOf, signal).finally(() =>
    removeReader(place, reader, AbortSignal.timeout(CLEANING_MS)).catch(() => undefined),
  );
  return { contents, source: null, skipped: [], interruptedMs: 0, previous: names.previous };
}

function isInPlace({ engine }: LoadDeps, { server, names }: Attempt, signal: AbortSignal): Promise<boolean> {
  const question = `SELECT FROM pg_database WHERE datname = ${literal(names.previous)}`;
  return asSuperuser(
    engine.execs,
    server.container.id,
    async (session) => (await session.query(question)).length > 0,
    signal,
  );
}

async function requireEmpty({ spec, server, options }: Attempt): Promise<void> {
  const as = { login: spec.login, major: spec.engineVersion };
  const found = await inDatabase(server.address, as, findUserObjects, options.signal);
  if (found.length === 0) return;
  const message = `The database is not empty (${found.join(', ')}): allow it to be replaced, or load into a new one`;
  throw new RuntimeError('not_empty', message);
}

const CLEANING_MS = 2 * 60_000;
const CLEANING_TRIES = 5;
const CLEANING_PAUSE_MS = 3_000;

/** A PostgreSQL that recovers from a crash is up again soon. What remains all the same goes with the next sweep. */
async function cleanUp(deps: LoadDeps, databaseId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEANING_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      await tidy(deps, databaseId, signal);
      return;
    } catch (error) {
      if (attempt === CLEANING_TRIES || signal.aborted) {
        deps.logger.warn({ database: databaseId, err: error }, 'what a load has left could not be removed');
        return;
      }
      await sleep(CLEANING_PAUSE_MS, signal).catch(() => undefined);
    }
  }
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
