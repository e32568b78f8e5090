import { StringDecoder } from 'node:string_decoder';
import { RuntimeError } from '../../runtime-error.js';
import type { Execs } from '../engine/exec.js';
import { withoutSecrets } from '../without-secrets.js';
import { parseTableOfContents, type TableOfContents } from './table-of-contents.js';

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
