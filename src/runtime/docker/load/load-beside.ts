import type { DatabaseContents, Loaded, LoadSource } from '../../runtime.js';
import { sleep } from '../engine/deadline.js';
import { findRunning } from '../find-running.js';
import { besideLoaded } from '../source/beside-loaded.js';
import { withSourceBench } from '../workbench/source-bench.js';
import { whileRoom } from '../while-room.js';
import { checkFresh } from './check-fresh.js';
import { fillFresh } from './fill-fresh.js';
import type { Attempt, LoadDeps } from './load-attempt.js';
import { prepareSource } from '../prepare/prepare-source.js';
import { look } from './look.js';
import { requireEmpty } from './require-empty.js';
import { resumePooler } from './pause-pooler.js';
import { closeWorkbench, openWorkbench } from '../workbench/open-workbench.js';
import type { PreparationPlace } from '../prepare/preparation.js';
import { swap } from './swap.js';
import { tidy } from './tidy.js';
import { scratchFolder } from '../workbench/workbench.js';

const CLEANING_MS = 2 * 60_000;
const CLEANING_TRIES = 3;
const CLEANING_PAUSE_MS = 3_000;

/**
 * Loads a source into a database beside the tenant's own, and puts it in its place. Clears away what it made.
 *
 * @param extensions what a tenant may create in this server
 */
export async function loadBeside(
  deps: LoadDeps,
  attempt: Attempt,
  from: LoadSource,
  extensions: ReadonlySet<string>,
): Promise<Loaded> {
  const { spec, options } = attempt;
  let clear = (signal: AbortSignal) => tidy(deps, spec.id, signal);
  try {
    const loaded = await load(deps, attempt, from, extensions);
    // Nothing else is left of it.
    clear = (signal) => closeWorkbench(deps, options.loadId, signal);
    return loaded;
  } finally {
    await cleanUp(deps, spec.id, clear);
  }
}

async function load(
  deps: LoadDeps,
  attempt: Attempt,
  from: LoadSource,
  extensions: ReadonlySet<string>,
): Promise<Loaded> {
  const { spec, server, names, options } = attempt;
  const { engine } = deps;
  const { signal, loadId, check, onExchange } = options;
  const onProgress = (step: string, done: number, total: number) =>
    options.onProgress?.({ step, done, total });
  const purpose = { loadId, databaseId: spec.id };
  const image = { server, major: spec.engineVersion, org: spec.org };
  const workbenchId = await openWorkbench(deps, purpose, image, signal);
  const bench = { purpose, imageId: server.container.imageId, major: spec.engineVersion };
  const place: PreparationPlace = {
    engine,
    containerId: workbenchId,
    major: spec.engineVersion,
    loadableExtensions: extensions,
    withSourceBench: (use, inner) => withSourceBench(deps, bench, use, inner),
    onProgress,
  };
  const fresh = { spec, server, names, workbenchId };
  const fill = async (inner: AbortSignal) => {
    const preparation = await prepareSource(place, from, inner);
    return { ...(await fillFresh(deps, fresh, preparation, inner)), told: preparation.source };
  };
  const disk = { containerId: workbenchId, path: scratchFolder(spec.engineVersion) };
  const { loader, skipped, told } = await whileRoom(engine.execs, disk, fill, signal);
  onProgress('Checking what was loaded', 0, 1);
  const sourceBeside = (found: DatabaseContents) => told && besideLoaded(told, found, extensions);
  const checkBoth = (found: DatabaseContents) => check(found, sourceBeside(found));
  const contents = await checkFresh(deps, fresh, { loader, check: checkBoth }, signal);
  signal.throwIfAborted();
  // Once more: loading can take hours, in which somebody may have written to it.
  if (!options.replace) await requireEmpty(server, spec, signal);
  onProgress('Putting it in its place', 0, 1);
  const pooler = await findRunning(deps, 'pooler', spec.id, signal);
  const swapPlace = { execs: engine.execs, postgresId: server.container.id, poolerId: pooler.id };
  const warn = (error: unknown) =>
    deps.logger.warn({ database: spec.id, err: error }, 'the pooler could not be resumed after an exchange');
  onExchange(names.previous);
  const interruptedMs = await swap(swapPlace, names).catch(async (error: unknown) => {
    // It may be done, and only its answer lost.
    if (!(await look(deps, attempt)).isInPlace) throw error;
    if (pooler.id !== null) await resumePooler(engine.execs, pooler.id, signal).catch(warn);
    return null;
  });
  return { contents, source: sourceBeside(contents), skipped, interruptedMs, previous: names.previous };
}

/** A PostgreSQL that recovers from a crash is up again soon. What remains all the same goes with the next sweep. */
async function cleanUp(
  deps: LoadDeps,
  databaseId: string,
  clear: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const signal = AbortSignal.timeout(CLEANING_MS);
  for (let attempt = 1; ; attempt++) {
    try {
      await clear(signal);
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
