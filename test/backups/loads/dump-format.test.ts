import { gzipSync } from 'node:zlib';
import { dumpFormatOf, HEAD_BYTES } from '../../../src/backups/loads/dump-format.js';

const CLUSTER = `--\n-- PostgreSQL database cluster dump\n--\n\n\\restrict x\n\nSET default_transaction_read_only = off;\n`;
const PLAIN = `--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 17.5\n\nSET statement_timeout = 0;\n`;

/** The beginning of an archive in this version and format. */
const archive = (minor = 14, format = 1) =>
  Buffer.concat([Buffer.from('PGDMP'), Buffer.from([1, minor, 0, 4, 8, format]), Buffer.alloc(100)]);

/** The beginning of a tar whose first member has this name. */
function tar(name: string, magic = 'ustar\x0000'): Buffer {
  const header = Buffer.alloc(1024);
  header.write(name, 0, 'latin1');
  header.write(magic, 257, 'latin1');
  return header;
}

const text = (content: string) => Buffer.from(content);
const formatOf = (head: Buffer, major = 17) => dumpFormatOf(head.subarray(0, HEAD_BYTES), major);
const reasonOf = (head: Buffer, major = 17) => {
  const format = formatOf(head, major);
  return format.usable ? 'it is usable' : format.reason;
};

describe('a dump', () => {
  it.each([
    ['custom', archive(), 'archive'],
    ['tar', tar('toc.dat'), 'archive'],
    ['tar as GNU writes it', tar('toc.dat', 'ustar  \0'), 'archive'],
    ['plain SQL of pg_dump', text(PLAIN), 'script'],
    ['SQL by hand', text('CREATE TABLE a (b int);'), 'script'],
    ['SQL with a byte order mark', text(`\ufeff${PLAIN}`), 'script'],
    ['SQL with Windows’ line ends', text(PLAIN.replaceAll('\n', '\r\n')), 'script'],
    ['SQL in latin1', Buffer.from(`INSERT INTO a VALUES ('\xe4\xf6\xfc');\n`, 'latin1'), 'script'],
    ['SQL whose rows have control characters', text(`${PLAIN}COPY a FROM stdin;\n\x01\x1f\n\\.\n`), 'script'],
    [
      'SQL whose rows look like statements',
      text(`${PLAIN}COPY public.a (b) FROM stdin;\nCREATE DATABASE x\n{}\n\\.\n`),
      'script',
    ],
    ['SQL of one line', text('SELECT 1'), 'script'],
  ])('is told by its bytes: %s', (_, head, kind) => {
    expect(formatOf(head)).toEqual({ usable: true, kind, gzipped: false });
    expect(formatOf(gzipSync(head))).toEqual({ usable: true, kind, gzipped: true });
  });

  it('is told by the beginning of a gzip', () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => `INSERT INTO a VALUES (${n * 7919});\n`);
    const long = gzipSync(PLAIN + rows.join(''));
    expect(long.length).toBeGreaterThan(HEAD_BYTES);
    expect(formatOf(long)).toEqual({ usable: true, kind: 'script', gzipped: true });
  });

  it.each([
    [15, 14, true],
    [15, 15, false],
    [16, 15, true],
    [16, 16, false],
    [17, 16, true],
    [18, 16, true],
    [18, 17, false],
  ])('for PostgreSQL %i may have the archive version 1.%i: %s', (major, minor, usable) => {
    expect(formatOf(archive(minor), major).usable).toBe(usable);
    if (!usable)
      expect(reasonOf(archive(minor), major)).toMatch(/newer than PostgreSQL \d\d .*use the pg_dump of/);
  });
});

describe('what is no dump is refused with what to do', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'it is empty'],
    ['nothing, gzipped', gzipSync(''), 'nothing in the gzip'],
    ['white space', text(' \n\t\n'), 'nothing but white space'],
    ['JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), 'JPEG'],
    ['PNG', Buffer.from('89504e470d0a1a0a', 'hex'), 'PNG'],
    ['PDF', text('%PDF-1.7'), 'PDF'],
    ['zip', Buffer.from('504b030414', 'hex'), 'zip archive: unpack it'],
    ['zstd', Buffer.from('28b52ffd00', 'hex'), 'zstd'],
    ['bzip2', text('BZh91AY'), 'bzip2'],
    ['xz', Buffer.from('fd377a585a00', 'hex'), 'xz'],
    ['lz4', Buffer.from('04224d18', 'hex'), 'lz4'],
    ['SQLite', text('SQLite format 3\0'), 'SQLite database'],
    ['SQL of SQLite', text('PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n'), 'dump of SQLite'],
    ['MySQL', text('-- MySQL dump 10.13  Distrib 8.0.36\n'), 'MySQL or MariaDB'],
    [
      'MariaDB',
      text('/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n'),
      'MySQL or MariaDB',
    ],
    ['phpMyAdmin', text('-- phpMyAdmin SQL Dump\n'), 'MySQL or MariaDB'],
    ['pg_dumpall', text(CLUSTER), 'pg_dumpall'],
    ['--create', text(`${PLAIN}CREATE DATABASE shop WITH TEMPLATE = template0;\n`), 'without --create'],
    ['\\connect', text(`${PLAIN}\\connect shop\n`), 'without --create'],
    ['a tar of a directory', tar('dump/'), 'directory format'],
    ['a tar of files', tar('./3456.dat.gz'), 'directory format'],
    ['pg_basebackup', tar('backup_label'), 'pg_basebackup'],
    ['toc.dat of a directory', archive(14, 3), 'only the table of contents'],
    ['an archive cut short', text('PGDMP'), 'ends right after it began'],
    ['gzip twice', gzipSync(gzipSync(PLAIN)), 'gzipped twice'],
    ['gzip that is damaged', Buffer.concat([Buffer.from('1f8b', 'hex'), Buffer.alloc(50, 7)]), 'damaged'],
    ['rubbish', Buffer.from([0, 1, 2, 3, 0, 9]), 'neither an archive'],
    [
      'binary without NUL',
      Buffer.from(Array.from({ length: 100 }, (_, n) => (n % 31) + 1)),
      'neither an archive',
    ],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(PLAIN, 'utf16le')]), 'PowerShell'],
    ['a web page', text('\n<!DOCTYPE html><html>'), 'web page'],
    ['JSON', text('{"error": "no such file"}'), 'it is JSON'],
    ['an encrypted file', text('age-encryption.org/v1\n'), 'age'],
    ['SQL without its line breaks', text(PLAIN.replaceAll('\n', '')), '--data-binary'],
  ])('%s', (_, head, reason) => {
    expect(reasonOf(head)).toContain(reason);
  });

  it('not a comment that many empty lines follow', () => {
    expect(dumpFormatOf(text(`-- x${'\n'.repeat(5000)}`), 17)).toMatchObject({
      usable: true,
      kind: 'script',
    });
  });

  it('whatever the bytes are, nothing is thrown', () => {
    let seed = 1;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) % 256;
    for (let round = 0; round < 200; round += 1) {
      const head = Buffer.from(Array.from({ length: round * 3 }, next));
      if (round % 3 === 0) head.write('PGDMP');
      if (round % 3 === 1 && head.length > 1) head.set([0x1f, 0x8b]);
      expect(typeof formatOf(head).usable).toBe('boolean');
    }
  });
});
