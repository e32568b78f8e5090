import type { Login } from '../../../domain/environment.js';
import type { Logger } from '../../../domain/logger.js';
import type { ApplyOptions, ConsumeArchive, DatabaseContents, DatabaseSpec, Dump } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { StepDeps } from '../attempt.js';
import type { RunningProgram } from '../engine/exec.js';
import { guarded } from '../engine/guarded.js';
import { StallWatch } from '../engine/stall-watch.js';
import { findServer, type Server } from '../find-server.js';
import { lockRelations, readContents } from '../sql/contents.js';
import { withReader } from '../sql/reader.js';
import { sessionSettings } from '../sql/session-settings.js';
import { TenantSession } from '../sql/tenant-session.js';
import { Together } from '../together.js';
import { DumpStream } from './dump-stream.js';
import type { DumpTool, DumpTools } from './dump-tools.js';
import { pgDumpArgv } from './pg-dump.js';

/** How long pg_dump may print nothing while somebody waits for it. There is no limit to a dump as a whole. */
const STALL_MS = 5 * 60_000;

/** In `pg_stat_activity`. */
const APPLICATION_NAME = 'paasdb-dump';

export interface DumpDeps extends Pick<StepDeps, 'engine' | 'networks' | 'prefix' | 'names'> {
  dumpTools: DumpTools;
  /** Of this process, as in `ReaderPlace`. */
  processId: string;
  logger: Logger;
  stallMs?: number;
}

/**
 * Has pg_dump read a database as it is at one instant, and counts at the same time what it holds at that instant.
 * Both log in as a role that is made for it, and never as the superuser.
 */
export async function dumpDatabase(
  deps: DumpDeps,
  spec: DatabaseSpec,
  consume: ConsumeArchive,
  { signal }: ApplyOptions,
): Promise<Dump> {
  try {
    await deps.networks.enter(spec.org, signal);
    const server = await findServer(deps, spec, signal);
    const tool = await deps.dumpTools.of(server.container, signal);
    const contents = await dumpServer(deps, { spec, server, tool }, consume, signal);
    return { contents, compression: tool.compression, dumpVersion: tool.version };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new RuntimeError('aborted', 'Stopped before the dump was complete', { cause: error });
  }
}

interface Source {
  spec: DatabaseSpec;
  server: Server;
  tool: DumpTool;
}

async function dumpServer(
  deps: DumpDeps,
  source: Source,
  consume: ConsumeArchive,
  signal: AbortSignal,
): Promise<DatabaseContents> {
  const { spec, server } = source;
  const { processId, engine, logger } = deps;
  const place = { execs: engine.execs, containerId: server.container.id, processId, logger };
  const use = (reader: Login) => readAs(deps, { ...source, reader }, consume, signal);
  try {
    return await withReader(place, use, signal);
  } catch (error) {
    throw await explain(deps, spec, error, signal);
  }
}

async function readAs(
  deps: DumpDeps,
  { spec, server, tool, reader }: Source & { reader: Login },
  consume: ConsumeArchive,
  signal: AbortSignal,
): Promise<DatabaseContents> {
  const { engineVersion: major } = spec;
  const together = new Together(signal);
  const as = { login: reader, major, applicationName: APPLICATION_NAME };
  const session = await TenantSession.open(server.address, as, together.signal);
  try {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const [exported] = await session.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
    const relations = await lockRelations(session);
    const request = {
      containerId: server.container.id,
      program: 'pg_dump',
      argv: guarded(
        pgDumpArgv({ role: reader.role, snapshot: exported?.id ?? '', compression: tool.compression }),
      ),
      env: { PGAPPNAME: APPLICATION_NAME, PGOPTIONS: sessionSettings(major), LC_ALL: 'C' },
      user: 'postgres',
      stdin: null,
    };
    const hand = (program: RunningProgram) => handOver(deps, program, consume, together);
    const [contents] = await together.all(
      readContents(session, relations),
      deps.engine.execs.follow(request, hand, together.signal),
    );
    return contents;
  } finally {
    session.close();
  }
}

/** Has the archive consumed. When the archive breaks, the consumer's complaint about it says less. */
async function handOver(
  { stallMs = STALL_MS }: DumpDeps,
  program: RunningProgram,
  consume: ConsumeArchive,
  together: Together,
): Promise<void> {
  const stalls = new StallWatch(stallMs, () => {
    const message = `pg_dump printed nothing for ${stallMs / 1000} s: is a query of it stuck, or the disk?`;
    together.fail(new RuntimeError('dump_failed', message));
  });
  const archive = new DumpStream(program, stalls, together.signal);
  try {
    await consume(archive);
  } catch (error) {
    throw archive.failure ?? error;
  }
  if (archive.failure !== null) throw archive.failure;
  if (!archive.complete) throw new RuntimeError('dump_failed', 'The archive was not read to its end');
}

/** That PostgreSQL stopped says more than what was seen of it. */
async function explain(
  deps: DumpDeps,
  spec: DatabaseSpec,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted || !(error instanceof RuntimeError)) return error;
  try {
    await findServer(deps, spec, signal);
    return error;
  } catch (state) {
    if (!(state instanceof RuntimeError) || state.code !== 'not_running') return error;
    const message = `PostgreSQL stopped while it was dumped. ${state.message} (${error.message})`;
    return new RuntimeError('not_running', message, { cause: error });
  }
}
