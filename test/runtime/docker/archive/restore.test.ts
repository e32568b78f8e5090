import { judgeRestore, restoreFailure } from '../../../../src/runtime/docker/archive/judge-restore.js';
import { RestoreMessages } from '../../../../src/runtime/docker/archive/restore-messages.js';
import { parseTableOfContents } from '../../../../src/runtime/docker/archive/table-of-contents.js';
import { leaveOut } from '../../../../src/runtime/docker/archive/leave-out.js';

const LISTED = `;
; Archive created at 2026-11-21 19:00:00 UTC
;     dbname: app
;     TOC Entries: 12
;     Compression: gzip
;     Dump Version: 1.16-0
;     Format: CUSTOM
;     Integer: 4 bytes
;     Offset: 8 bytes
;     Dumped from database version: 17.5 (Debian 17.5-1)
;     Dumped by pg_dump version: 17.5 (Debian 17.5-1)
;
;
; Selected TOC Entries:
;
6; 2615 16385 SCHEMA - shop stranger
5; 2615 2200 SCHEMA - public stranger
2; 3079 16386 EXTENSION - citext 
3; 3079 16400 EXTENSION - postgis 
3500; 0 0 COMMENT - EXTENSION citext 
221; 1259 16500 TABLE shop items with a name stranger
3501; 0 0 ACL shop TABLE items stranger
3502; 0 0 DEFAULT ACL - DEFAULT PRIVILEGES FOR TABLES stranger
3400; 3466 16600 EVENT TRIGGER - refusing postgres
3401; 6104 16601 PUBLICATION - everything postgres
3402; 6106 16602 PUBLICATION TABLE shop everything items postgres
3490; 0 16500 TABLE DATA shop items stranger
`;

it('reads a table of contents', () => {
  const contents = parseTableOfContents(LISTED);
  expect(contents).toMatchObject({ format: 'CUSTOM', serverMajor: 17 });
  expect(contents.entries).toHaveLength(12);
  expect(parseTableOfContents('')).toEqual({ format: '', serverMajor: null, entries: [] });
});

it('reads entries with any character in their names', () => {
  const lines = ['\u2028', '\u2029', '\r', '\u0085', '\0', '日本'].map(
    (character) => `7; 1259 16500 TABLE public a${character}b owner`,
  );
  const { entries } = parseTableOfContents(`;\n${lines.join('\n')}\n`);
  expect(entries.map(({ line }) => line)).toEqual(lines);
});

it('reads no list that has something else in it', () => {
  expect(() => parseTableOfContents('; a\nnothing\n')).toThrow(
    'The archive has an entry that is none: "nothing"',
  );
});

it('leaves out of a foreign archive what cannot be', () => {
  const { entries, skipped } = leaveOut(parseTableOfContents(LISTED).entries, new Set(['citext']));
  expect(entries.map(({ text }) => text.trim())).toEqual([
    'SCHEMA - shop stranger',
    'EXTENSION - citext',
    'TABLE shop items with a name stranger',
    'TABLE DATA shop items stranger',
  ]);
  expect(skipped.map(({ what }) => what)).toEqual([
    'extension postgis',
    'grants (2)',
    'event triggers (1)',
    'publications (2)',
  ]);
});

describe('what pg_restore prints', () => {
  const PRINTED = `pg_restore: connecting to database for restore
pg_restore: creating EXTENSION "citext"
pg_restore: creating TABLE "shop.items"
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 221; 1259 16500 TABLE items stranger
pg_restore: error: could not execute query: ERROR:  type "geometry" does not exist
LINE 2:     x geometry
            ^
DETAIL:  of postgis
Command was: CREATE TABLE shop.items (
DETAIL:  no detail
);


pg_restore: processing data for table "shop.items"
pg_restore: error: could not read from input file: end of file
`;

  it('is items and errors', () => {
    for (const size of [1, 13, 10_000]) {
      let items = 0;
      const messages = new RestoreMessages(() => (items += 1));
      for (let at = 0; at < PRINTED.length; at += size) {
        messages.add(Buffer.from(PRINTED.slice(at, at + size)));
      }
      messages.end();
      expect(items).toBe(3);
      expect(messages.errors).toEqual([
        {
          entry: 'TABLE items stranger',
          message: 'ERROR:  type "geometry" does not exist. DETAIL:  of postgis',
        },
        { entry: null, message: 'could not read from input file: end of file' },
      ]);
    }
  });

  it.each([
    [
      'what another process was about to say',
      'pg_restore:pg_restore:  processing data for table "a"\nerror: it broke\n',
    ],
    [
      'what another process said',
      'pg_restore: error: pg_restore: finished item 7 TABLE DATA a\npg_restore: creating INDEX "b"\nit broke\n',
    ],
    ['a warning', 'pg_restore: error: pg_restore: warning: it creaks\nit broke\n'],
    ['the beginning of another’s', 'pg_restore:  pg_restore: error: it broke\nlaunching item 8 INDEX a\n'],
  ])('is an error although it comes amid %s', (_, printed) => {
    const messages = new RestoreMessages(() => undefined);
    messages.add(Buffer.from(printed));
    messages.end();
    expect(messages.errors).toEqual([{ entry: null, message: 'it broke' }]);
  });

  it('is an error although it begins like an item', () => {
    const messages = new RestoreMessages(() => undefined);
    messages.add(Buffer.from('pg_restore: error: restoring data out of order is not supported\n'));
    messages.end();
    expect(messages.errors).toEqual([
      { entry: null, message: 'restoring data out of order is not supported' },
    ]);
  });

  it.each([
    ['one after the other', 'pg_restore: error: pg_restore: error: one\ntwo\nthree\n'],
    [
      'with what libpq says of a lost server',
      'pg_restore: error: pg_restore: error: one\n\tThis probably means more\n\tthan that\ntwo\n\tThis probably\n',
    ],
    [
      'with the statement and a notice',
      'pg_restore: error: pg_restore: error: one\nLINE 2: x\n        ^\nCommand was: SELECT\npg_restore: WARNING:  no\ntwo\n',
    ],
  ])('is two errors at once, %s', (_, printed) => {
    const messages = new RestoreMessages(() => undefined);
    messages.add(Buffer.from(printed));
    messages.end();
    expect(messages.errors.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  it.each([
    ['ERROR:  could not extend file "base/1": No space left on device', 'full'],
    ['error returned by PQputCopyData: server closed the connection unexpectedly', 'lost'],
    ['COPY failed for table "x": ERROR:  invalid input syntax', 'refused'],
    ['could not uncompress data: (null)', 'unreadable'],
    ['a worker process died unexpectedly', 'died'],
  ])('means something: %s', (message, verdict) => {
    expect(judgeRestore({ message })).toBe(verdict);
  });

  it('fails for the worst of it', () => {
    const error = (message: string) => ({ entry: null, message });
    const refused = error('ERROR:  type "geometry" does not exist');
    expect(restoreFailure([], [])).toBeNull();
    expect(restoreFailure([refused], ['postgis'])).toMatchObject({
      code: 'load_failed',
      message: expect.stringContaining('postgis, which') as string,
    });
    expect(restoreFailure([refused, error('could not uncompress data')], [])?.code).toBe('archive_unusable');
    const died = error('a worker process died unexpectedly');
    expect(restoreFailure([died], [])?.code).toBe('unavailable');
    expect(restoreFailure([died, refused], [])).toMatchObject({
      code: 'load_failed',
      message: expect.not.stringContaining('worker') as string,
    });
    const lost = error('server closed the connection unexpectedly');
    expect(restoreFailure([lost, error('garbled'), died], [])?.code).toBe('unavailable');
    expect(restoreFailure([refused, error('No space left on device')], [])?.code).toBe('no_space');
  });
});
