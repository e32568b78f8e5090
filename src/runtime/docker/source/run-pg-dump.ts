import { RuntimeError } from '../../runtime-error.js';
import { guarded } from '../engine/guarded.js';
import { GrowthWatch, type GrowthLimits } from './growth-watch.js';
import type { SourcePlace } from './look-at-source.js';
import { sourceFailure } from './source-failure.js';

const MIB = 1024 ** 2;
const SIZE_MS = 30_000;

/** A large table can be dead for the most part, and is read for long before a row comes. */
const LIMITS: GrowthLimits = { pollMs: 5_000, stallMs: 15 * 60_000 };

export interface SourceDumpJob {
  path: string;
  snapshot: string | null;
  /** How much there is of it so far. */
  onMib: (mib: number) => void;
  limits?: GrowthLimits;
}

/** Dumps a source into a file of the container. */
export async function runPgDump(
  { execs, containerId, server, connection }: SourcePlace,
  { path, snapshot, onMib, limits = LIMITS }: SourceDumpJob,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const stalled = new AbortController();
  const watch = new GrowthWatch(
    limits,
    async (inner) => {
      const argv = ['stat', '-c', '%s', path];
      const request = { containerId, argv, user: 'postgres', stdin: '', deadlineMs: SIZE_MS };
      return Number((await execs.run(request, inner)).stdout.trim());
    },
    (size) => onMib(Math.floor(size / MIB)),
    () => stalled.abort(),
  );
  const request = {
    containerId,
    program: 'pg_dump',
    argv: guarded(pgDumpArgv(path, snapshot)),
    env: connection,
    user: 'postgres',
    stdin: null,
    onStderr: () => watch.sign(),
  };
  onMib(0);
  const watching = watch.run(AbortSignal.any([signal, over.signal]));
  try {
    const { exitCode, stderr } = await execs.follow(
      request,
      async ({ stdout, exit }) => {
        // It writes into the file; what comes here is the end.
        for await (const chunk of stdout) chunk.fill(0);
        return exit();
      },
      AbortSignal.any([signal, stalled.signal]),
    );
    if (exitCode === 0) return;
    throw exitCode > 128
      ? new RuntimeError(
          'unavailable',
          `pg_dump was ended (${exitCode}): by the memory, or with Docker's connection`,
        )
      : sourceFailure(complaints(stderr), server);
  } catch (error) {
    if (!stalled.signal.aborted || signal.aborted) throw error;
    const message = `Nothing came of the source for ${limits.stallMs / 1000} s: is the connection to it broken, or a query of it stuck?`;
    throw new RuntimeError('dump_failed', message, { cause: error });
  } finally {
    over.abort();
    await watching;
  }
}

/**
 * Neither owners nor grants of elsewhere mean anything here, nor what would pull changes from there. --verbose shows
 * that it is alive.
 */
export function pgDumpArgv(path: string, snapshot: string | null): string[] {
  return [
    'pg_dump',
    '--format=custom',
    // It is read once, from the same disk.
    '--compress=1',
    `--file=${path}`,
    ...(snapshot === null ? [] : [`--snapshot=${snapshot}`]),
    '--no-owner',
    '--no-acl',
    '--no-subscriptions',
    '--no-publications',
    '--no-security-labels',
    '--no-password',
    '--encoding=UTF8',
    '--lock-wait-timeout=10s',
    '--verbose',
  ];
}

/** Of all that it printed, what tells of a failure. */
function complaints(stderr: string): string {
  const lines = stderr.split('\n');
  const telling = lines.filter((line) => /^pg_dump: (error|fatal|detail|hint|\[)/.test(line));
  return (telling.length > 0 ? telling : lines).slice(-8).join('\n');
}
