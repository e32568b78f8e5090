import { RuntimeError } from '../../runtime-error.js';
import { PsqlSession } from '../sql/psql-session.js';
import { lookAtSource, type SourcePlace } from './look-at-source.js';
import { runPgDump, type SourceDumpJob } from './run-pg-dump.js';
import { beginSnapshot, readSource, type SourceContents } from './source-contents.js';

/** For a transaction to begin, and to lock what pg_dump will lock. */
const SNAPSHOT_MS = 2 * 60_000;
/** For counting the rows of up to fifty tables. */
const COUNT_MS = 60 * 60_000;

/**
 * Dumps a source, and counts what it holds at that instant. Where it does not let us count, it is dumped all the same
 * and there is `null`.
 */
export async function dumpSource(
  place: SourcePlace,
  job: Omit<SourceDumpJob, 'snapshot'>,
  signal: AbortSignal,
): Promise<SourceContents | null> {
  const sourceMajor = await lookAtSource(place, signal);
  const stop = new AbortController();
  const counting = new Counting(place, sourceMajor, AbortSignal.any([signal, stop.signal]));
  try {
    const snapshot = await counting.snapshot;
    try {
      await runPgDump(place, { ...job, snapshot }, signal);
    } catch (error) {
      if (snapshot === null || !isRefusedSnapshot(error)) throw error;
      // As behind a pooler that gives every connection a server of its own.
      await runPgDump(place, { ...job, snapshot: null }, signal);
      return null;
    }
    counting.dumped();
    return await counting.contents;
  } finally {
    stop.abort();
    await counting.contents;
  }
}

function isRefusedSnapshot(error: unknown): boolean {
  return error instanceof RuntimeError && error.code !== 'no_space' && /snapshot/i.test(error.message);
}

/** A session on the source that lends its snapshot to pg_dump, and counts meanwhile. Nothing of it ever rejects. */
class Counting {
  /** `null` when there is none to be had. */
  readonly snapshot: Promise<string | null>;
  /** `null` when it could not be counted. */
  readonly contents: Promise<SourceContents | null>;
  /** The snapshot is not needed any more. */
  dumped: () => void = () => undefined;

  constructor({ execs, containerId, connection }: SourcePlace, sourceMajor: number, signal: AbortSignal) {
    const late = new AbortController();
    let lend: (id: string | null) => void = () => undefined;
    this.snapshot = new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(null);
        late.abort();
      }, SNAPSHOT_MS);
      lend = (id) => {
        clearTimeout(timer);
        resolve(id);
      };
    });
    const dumped = new Promise<void>((resolve) => {
      this.dumped = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const count = async (session: PsqlSession) => {
      const snapshot = await beginSnapshot(session, sourceMajor);
      lend(snapshot.id);
      const contents = await readSource(session, snapshot);
      // Until pg_dump has taken it over, the snapshot is gone with its session.
      await dumped;
      return contents;
    };
    const place = {
      containerId,
      env: connection,
      refusal: 'source_unusable',
      deadlineMs: COUNT_MS,
    } as const;
    const either = AbortSignal.any([signal, late.signal]);
    this.contents = PsqlSession.use(execs, place, count, either).catch(() => {
      lend(null);
      return null;
    });
  }
}
