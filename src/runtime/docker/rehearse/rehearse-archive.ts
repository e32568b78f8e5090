import { posix } from 'node:path';
import type { Logger } from '../../../domain/logger.js';
import type { ApplyOptions, DatabaseContents, Rehearsal } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { listArchive } from '../archive/list-archive.js';
import { restoreDump } from '../archive/restore-dump.js';
import { putFile } from '../files/put-file.js';
import { loadingWith, localConnection } from '../sql/connection.js';
import { contentsOf } from '../sql/contents.js';
import { PsqlSession } from '../sql/psql-session.js';
import { whileRoom } from '../while-room.js';
import { closeDrill } from './close-drill.js';
import { explainDrill } from './explain-drill.js';
import { openDrill, type OpenDrillDeps, type OpenedDrill } from './open-drill.js';

/** For counting the rows of up to fifty tables. */
const COUNT_MS = 60 * 60_000;
/** Large volumes take the engine a while. */
const CLOSE_MS = 5 * 60_000;

export interface RehearseDeps extends OpenDrillDeps {
  logger: Logger;
  /** How many the host has. */
  processors: number;
}

type OnProgress = NonNullable<ApplyOptions['onProgress']>;

/**
 * Restores an archive as a load would into a PostgreSQL that is made for it, and tells what is there then. All of
 * it goes at the end, however it ends.
 */
export async function rehearseArchive(
  deps: RehearseDeps,
  rehearsal: Rehearsal,
  { signal, onProgress = () => undefined }: ApplyOptions,
): Promise<DatabaseContents> {
  const { backupId } = rehearsal;
  try {
    await closeDrill(deps, backupId, signal);
    return await drill(deps, rehearsal, onProgress, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new RuntimeError('aborted', 'Stopped before the drill was over', { cause: error });
  } finally {
    await closeDrill(deps, backupId, AbortSignal.timeout(CLOSE_MS)).catch((error: unknown) => {
      deps.logger.warn({ backup: backupId, err: error }, 'a drill could not be cleared away');
    });
  }
}

async function drill(
  deps: RehearseDeps,
  rehearsal: Rehearsal,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<DatabaseContents> {
  const { engine } = deps;
  const at = (step: string, done = 0, total = 1) => onProgress({ step, done, total });
  at('Starting a PostgreSQL');
  const opened = await openDrill(
    deps,
    rehearsal,
    (percent) => at(`Pulling an image (${percent} %)`, percent, 100),
    signal,
  );
  try {
    return await restoreAndCount(deps, rehearsal, opened, at, signal);
  } catch (error) {
    const { containerId } = opened;
    const { memoryBytes } = rehearsal;
    throw await explainDrill(engine, { containerId, memoryBytes, error }, signal);
  }
}

async function restoreAndCount(
  { engine, processors }: Pick<RehearseDeps, 'engine' | 'processors'>,
  { engineVersion: major, open, sizeBytes }: Rehearsal,
  { containerId, archivePath: path, database, role }: OpenedDrill,
  at: (step: string, done?: number, total?: number) => void,
  signal: AbortSignal,
): Promise<DatabaseContents> {
  const { execs } = engine;
  const archive = { containerId, path };
  const connection = loadingWith(localConnection(database, role), { major, processors });
  const fill = async (inner: AbortSignal) => {
    at('Copying the archive');
    await putFile(engine, { ...archive, open, sizeBytes }, inner);
    const contents = await listArchive(execs, archive, major, inner);
    const onProgress = (done: number, total: number) => at('Restoring', done, total);
    await restoreDump(execs, { archive, contents, connection, onProgress }, inner);
  };
  await whileRoom(execs, { containerId, path: posix.dirname(path) }, fill, signal);
  at('Counting rows');
  const place = { containerId, env: connection, refusal: 'load_failed', deadlineMs: COUNT_MS } as const;
  return PsqlSession.use(execs, place, contentsOf, signal);
}
