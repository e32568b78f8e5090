import type { SourceServer } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { DeadlineError } from '../engine/deadline.js';
import type { Execs } from '../engine/exec.js';
import type { Connection } from '../sql/connection.js';
import { sourceFailure } from './source-failure.js';

/** More than libpq waits for a connection, of which it may try one with TLS and one without. */
const LOOK_MS = 45_000;
/** What pg_dump of every version here still reads. */
const OLDEST = 9.2;

const QUESTION = `SELECT pg_catalog.current_setting('server_version_num')`;
const ARGV = ['psql', '-X', '-q', '-A', '-t', '-w', '-c', QUESTION];

/** Where a source is read: a container that reaches it, and how. */
export interface SourcePlace {
  execs: Execs;
  containerId: string;
  server: SourceServer;
  connection: Connection;
  /** Of the programs in the container. */
  major: number;
}

/** Logs in to a source and returns its major version. Rejects with `source_unusable`, and why, when it cannot be read. */
export async function lookAtSource(
  { execs, containerId, server, connection, major }: SourcePlace,
  signal: AbortSignal,
): Promise<number> {
  const request = { containerId, argv: ARGV, env: connection, user: 'postgres', stdin: '' };
  const { exitCode, stdout, stderr } = await execs
    .run({ ...request, deadlineMs: LOOK_MS }, signal)
    .catch((error: unknown) => {
      if (!(error instanceof Error && error.cause instanceof DeadlineError)) throw error;
      throw sourceFailure('timeout expired: it lets us in, and answers no question', server);
    });
  if (exitCode !== 0) throw sourceFailure(stderr, server);
  const found = Number(stdout.trim());
  if (!Number.isInteger(found) || found === 0) {
    throw new RuntimeError('source_unusable', 'The source does not tell its version: is it a PostgreSQL?');
  }
  const version = found >= 100_000 ? Math.floor(found / 10_000) : oldVersion(found);
  refuseVersion(version, major);
  return Math.floor(version);
}

/** 9.6 is told as 90600. */
function oldVersion(number: number): number {
  return Math.floor(number / 10_000) + (Math.floor(number / 100) % 100) / 10;
}

function refuseVersion(version: number, major: number): void {
  if (version > major) {
    const message = `The source is PostgreSQL ${version} and this database is PostgreSQL ${major}, which cannot read what is newer: import into a database of version ${version}`;
    throw new RuntimeError('source_unusable', message);
  }
  if (version < OLDEST) {
    throw new RuntimeError(
      'source_unusable',
      `The source is PostgreSQL ${version}, which is too old to be read: upgrade it first`,
    );
  }
}
