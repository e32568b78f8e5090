import { isOfNoEncoding, unknownEncoding } from '../archive/require-encoding.js';
import { RuntimeError } from '../../runtime-error.js';

/** How much of a script is looked at before it is run. */
export const HEAD_BYTES = 16 * 1024;

export interface ScriptHead {
  /** It is pg_dump's, and has to end as pg_dump ends. */
  isDump: boolean;
}

/** Looks at a script's first bytes. Rejects with `archive_unusable` what cannot be loaded. */
export function readScriptHead(head: string, major: number): ScriptHead {
  if (head.startsWith('PGDMP')) throw unusable('This is an archive of pg_dump and not a script of SQL');
  if (head.includes('\0')) throw unusable('This is no text, and so not a script of SQL in UTF-8');
  if (/^-- PostgreSQL database cluster dump\s*$/m.test(head)) {
    throw unusable(
      'This is a dump of a whole server, as of pg_dumpall: dump one database with pg_dump and load that',
    );
  }
  const isDump = /^-- PostgreSQL database dump\s*$/m.test(head);
  const from = /^-- Dumped from database version (\d+)/m.exec(head)?.[1];
  if (from !== undefined && Number(from) > major) {
    throw unusable(
      `The script comes from PostgreSQL ${from} and this is PostgreSQL ${major}: load it into a database of version ${from}`,
    );
  }
  if (isOfNoEncoding(head)) throw unknownEncoding();
  return { isDump };
}

/** How much of a script's end is kept to see whether it is one. */
export const TAIL_BYTES = 4096;

export function endsAsDump(tail: string): boolean {
  return /^-- PostgreSQL database dump complete\s*$/m.test(tail);
}

/** Whether the last that a script does is a COPY: behind its end there are only comments and commands of psql's own. */
export function endsInCopy(tail: string): boolean {
  const last = tail.split(/\r?\n/).findLast((line) => line === COPY_END || !/^\s*(--.*|\\.*)?$/s.test(line));
  return last === COPY_END;
}

const COPY_END = '\\.';

function unusable(message: string): RuntimeError {
  return new RuntimeError('archive_unusable', message);
}
