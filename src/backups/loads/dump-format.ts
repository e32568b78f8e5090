import { constants, gunzipSync } from 'node:zlib';

/** How much of a dump its format is told by. */
export const HEAD_BYTES = 4096;

export type DumpFormat =
  | { usable: true; kind: 'archive' | 'script'; gzipped: boolean }
  /** What it is instead, and what to do. */
  | { usable: false; reason: string };

const MAKE_ONE = 'make a dump with `pg_dump -Fc`';
const UNPACK = 'unpack it, or compress with gzip instead';

/** What is no dump, by its first bytes (latin1). */
const OTHERS: readonly [magic: string, reason: string][] = [
  ['\xff\xd8\xff', 'it is a JPEG image'],
  ['\x89PNG', 'it is a PNG image'],
  ['%PDF', 'it is a PDF document'],
  ['PK\x03\x04', `it is a zip archive: ${UNPACK}`],
  ['PK\x05\x06', 'it is an empty zip archive'],
  ['\x28\xb5\x2f\xfd', `it is compressed with zstd: ${UNPACK}`],
  ['BZh', `it is compressed with bzip2: ${UNPACK}`],
  ['\xfd7zXZ\x00', `it is compressed with xz: ${UNPACK}`],
  ['\x04\x22\x4d\x18', `it is compressed with lz4: ${UNPACK}`],
  ['7z\xbc\xaf\x27\x1c', `it is a 7z archive: ${UNPACK}`],
  ['\x1f\x9d', `it is compressed with compress: ${UNPACK}`],
  [
    'SQLite format 3\x00',
    'it is an SQLite database: import it with pgloader, say, through DATABASE_DIRECT_URL',
  ],
  ['age-encryption.org', 'it is encrypted with age: decrypt it first'],
  ['-----BEGIN ', 'it is encrypted, or a key: decrypt it first'],
  ['\xff\xfe', 'it is UTF-16, as PowerShell writes with >: have pg_dump write the file itself, with -f'],
  ['\xfe\xff', 'it is UTF-16: have pg_dump write the file itself, with -f'],
];

/** What text is, that is no SQL for PostgreSQL. */
const OTHER_TEXTS: readonly [pattern: RegExp, reason: string][] = [
  [
    /^-- (?:MySQL|MariaDB) dump|^-- phpMyAdmin SQL Dump|^\/\*M?!\d{5}/m,
    'it is a dump of MySQL or MariaDB, of which PostgreSQL understands little: import it with pgloader, say',
  ],
  [/^PRAGMA foreign_keys=/, 'it is a dump of SQLite: import it with pgloader, say'],
  [
    /^-- PostgreSQL database cluster dump/m,
    'it is of pg_dumpall, a whole server: dump one database with `pg_dump -Fc`',
  ],
  [
    /^(?:CREATE DATABASE |\\connect )/m,
    'it makes a database of its own: dump without --create (-C), it goes into this one',
  ],
  [/^\s*<(?:!doctype|html|\?xml)/i, 'it is a web page or XML: look at what was downloaded'],
  [/^\s*[{[]/, 'it is JSON: to import from a server, send it with "Content-Type: application/json"'],
];

/** The newest version of an archive that the pg_restore of a major reads. */
const ARCHIVE_VERSIONS: readonly [major: number, version: [number, number]][] = [
  [17, [1, 16]],
  [16, [1, 15]],
  [0, [1, 14]],
];

/** In the header of an archive: what pg_dump -Fc writes. Tar and directory have another in their table of contents. */
const CUSTOM = 1;

/**
 * Tells a dump by its first bytes; a name or a type could say anything.
 * @param head the first `HEAD_BYTES` of it, or all of it when it has less
 * @param major of the PostgreSQL that is to read it
 */
export function dumpFormatOf(head: Buffer, major: number): DumpFormat {
  const gzipped = head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
  const plain = gzipped ? gunzipHead(head) : head;
  if (plain === null) return refused('it begins like gzip, but is damaged');
  if (plain.length === 0) return refused(gzipped ? 'there is nothing in the gzip' : 'it is empty');
  if (gzipped && plain[0] === 0x1f && plain[1] === 0x8b)
    return refused('it is gzipped twice: unpack it once');
  const text = plain.toString('latin1');
  const other = OTHERS.find(([magic]) => text.startsWith(magic));
  if (other) return refused(other[1]);
  if (text.startsWith('PGDMP')) return archive(plain, gzipped, major);
  if (text.slice(257, 262) === 'ustar') return tar(text, gzipped);
  return script(text, gzipped);
}

/** What the beginning of a gzip holds, as far as it goes; `null` when that is none. */
function gunzipHead(head: Buffer): Buffer | null {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

function archive(head: Buffer, gzipped: boolean, major: number): DumpFormat {
  const [vmaj = 0, vmin = 0, , , , format] = head.subarray(5);
  if (head.length < 11) return refused(`it ends right after it began: ${MAKE_ONE}`);
  const [, newest] = ARCHIVE_VERSIONS.find(([from]) => major >= from) ?? [0, [1, 14]];
  if (vmaj > newest[0] || (vmaj === newest[0] && vmin > newest[1])) {
    return refused(
      `it was made by a pg_dump that is newer than PostgreSQL ${major} (archive version ${vmaj}.${vmin}): use the pg_dump of ${major}, or import into a newer database`,
    );
  }
  if (format !== CUSTOM) {
    return refused(`it is only the table of contents of a dump in the tar or directory format: ${MAKE_ONE}`);
  }
  return { usable: true, kind: 'archive', gzipped };
}

function tar(text: string, gzipped: boolean): DumpFormat {
  const [first = ''] = text.slice(0, 100).split('\0');
  if (first === 'toc.dat') return { usable: true, kind: 'archive', gzipped };
  if (/^(?:\.\/)?backup_(?:label|manifest)$/.test(first))
    return refused(`it is a copy of a whole server by pg_basebackup: ${MAKE_ONE}`);
  return refused(
    `it is a tar that pg_dump did not write, of a dump in the directory format perhaps: ${MAKE_ONE}`,
  );
}

function script(text: string, gzipped: boolean): DumpFormat {
  if (isBinary(text)) return refused(`it is neither an archive of pg_dump nor SQL: ${MAKE_ONE}`);
  if (text.trim() === '') return refused('there is nothing but white space in it');
  // What a COPY is given are rows, in which anything may stand.
  const [statements = ''] = text.replace(/^\xef\xbb\xbf/, '').split(/^COPY .* FROM stdin\b/im);
  const other = OTHER_TEXTS.find(([pattern]) => pattern.test(statements));
  if (other) return refused(other[1]);
  if (text.trimStart().startsWith('--') && !/[\r\n]/.test(text.trimStart())) {
    return refused(
      'it has no line breaks, so that all of it is one comment: send it with --data-binary or -T, for `curl -d` drops them',
    );
  }
  return { usable: true, kind: 'script', gzipped };
}

/** Any encoding is possible, and rows can hold control characters, but no text has NUL or has many of them. */
function isBinary(text: string): boolean {
  const MOST = 0.05;
  // eslint-disable-next-line no-control-regex
  const controls = text.match(/[\x01-\x08\x0e-\x1f]/g)?.length ?? 0;
  return text.includes('\0') || controls > text.length * MOST;
}

function refused(reason: string): DumpFormat {
  return { usable: false, reason };
}
