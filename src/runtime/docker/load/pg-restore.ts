import { StringDecoder } from 'node:string_decoder';
import { RuntimeError } from '../../runtime.js';
import type { Execs } from '../engine/exec.js';
import { withoutSecrets } from '../start-failure.js';
import type { Connection } from '../sql/connection.js';
import { restoreFailure } from './judge-restore.js';
import { putText } from './put-text.js';
import { RestoreMessages } from './restore-messages.js';
import { parseTableOfContents, type TableOfContents, type TocEntry } from './table-of-contents.js';

const LIST_MS = 10 * 60_000;
/** An entry takes some 100 characters. */
const LIST_LENGTH = 64 * 1024 ** 2;

/** An archive in a container that has pg_restore. */
export interface PlacedArchive {
  containerId: string;
  /** In a folder that can be written to. */
  path: string;
}

/** Reads an archive's table of contents. Rejects with `archive_unusable` when it is none. */
export async function listArchive(
  execs: Execs,
  { containerId, path }: PlacedArchive,
  major: number,
  signal: AbortSignal,
): Promise<TableOfContents> {
  const request = {
    containerId,
    argv: ['pg_restore', '--list', path],
    env: { LC_ALL: 'C' },
    user: 'postgres',
  };
  let printed = '';
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(LIST_MS)]);
  const { exitCode, stderr } = await execs.follow(
    { ...request, stdin: '' },
    async ({ stdout, exit }) => {
      const decoder = new StringDecoder();
      for await (const chunk of stdout) {
        printed += decoder.write(chunk);
        if (printed.length > LIST_LENGTH)
          throw new RuntimeError('archive_unusable', 'The archive has no end of entries');
      }
      return exit();
    },
    bounded,
  );
  if (exitCode !== 0) {
    const said = withoutSecrets(stderr.trim().replaceAll('pg_restore: error: ', ''));
    if (said === '')
      throw new RuntimeError('unavailable', `pg_restore ended with ${exitCode} and said nothing`);
    throw new RuntimeError('archive_unusable', `pg_restore cannot read the archive: ${said}`);
  }
  const contents = parseTableOfContents(printed);
  if (contents.serverMajor !== null && contents.serverMajor > major) {
    throw new RuntimeError(
      'archive_unusable',
      `The archive comes from PostgreSQL ${contents.serverMajor} and this is PostgreSQL ${major}: load it into a database of version ${contents.serverMajor}`,
    );
  }
  return contents;
}

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
