import { RuntimeError } from '../../runtime-error.js';
import type { Execs } from '../engine/exec.js';
import { putText } from '../files/put-text.js';
import type { Connection } from '../sql/connection.js';
import { restoreFailure } from './judge-restore.js';
import type { PlacedArchive } from './list-archive.js';
import { RestoreMessages } from './restore-messages.js';
import type { TableOfContents, TocEntry } from './table-of-contents.js';

export interface RestoreJob {
  archive: PlacedArchive;
  /** Of this archive. */
  contents: TableOfContents;
  connection: Connection;
  /** What of it is wanted; all when left out. */
  entries?: readonly TocEntry[];
  /** For archives from elsewhere: everything belongs to who restores it. */
  withoutOwners?: boolean;
  /** Extensions that were left out, for the message. */
  skippedExtensions?: readonly string[];
  onProgress: (done: number, total: number) => void;
}

/** Restores an archive. Rejects unless nothing is missing, at the first error. */
export async function restoreArchive(execs: Execs, job: RestoreJob, signal: AbortSignal): Promise<void> {
  const { archive, contents, connection, entries = contents.entries, onProgress } = job;
  const { containerId, path } = archive;
  const listPath = entries.length < contents.entries.length ? `${path}.list` : null;
  if (listPath !== null) {
    const list = entries.map(({ line }) => `${line}\n`).join('');
    await putText(execs, { containerId, path: listPath, text: list }, signal);
  }
  const total = entries.length;
  let done = 0;
  const messages = new RestoreMessages(() => {
    done = Math.min(total, done + 1);
    onProgress(done, total);
  });
  const request = {
    containerId,
    argv: restoreArgv(job, listPath),
    env: connection,
    user: 'postgres',
    stdin: null,
    onStderr: (chunk: Buffer) => messages.add(chunk),
  };
  const { exitCode } = await execs.follow(
    request,
    async ({ stdout, exit }) => {
      // It prints nothing there, and ends it when it ends.
      for await (const chunk of stdout) chunk.fill(0);
      return exit();
    },
    signal,
  );
  messages.end();
  // What it says tells only why: two processes of it speak at once.
  if (exitCode !== 0) throw restoreFailure(messages.errors, job.skippedExtensions ?? []) ?? ended(exitCode);
}

/** Two at a time need a file that can be read anywhere, which in a tar it cannot. */
function restoreArgv(
  { archive, contents, connection, withoutOwners }: RestoreJob,
  listPath: string | null,
): string[] {
  return [
    'pg_restore',
    '--verbose',
    '--exit-on-error',
    '--no-password',
    `--dbname=${connection.PGDATABASE ?? ''}`,
    ...(listPath === null ? [] : [`--use-list=${listPath}`]),
    ...(contents.format === 'CUSTOM' ? ['--jobs=2'] : []),
    ...(withoutOwners ? ['--no-owner', '--no-acl', '--no-tablespaces'] : []),
    archive.path,
  ];
}

function ended(exitCode: number): RuntimeError {
  const message = `pg_restore ended with ${exitCode} and said nothing: it was killed, or the connection to Docker was lost`;
  return new RuntimeError('unavailable', message);
}
