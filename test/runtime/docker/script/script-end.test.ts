import { judgeScriptEnd } from '../../../../src/runtime/docker/script/script-end.js';
import { readScriptHead } from '../../../../src/runtime/docker/script/script-head.js';
import { RuntimeError } from '../../../../src/runtime/runtime-error.js';

const failure = new RuntimeError('load_failed', 'refused');
const fine = {
  exitCode: 0,
  cameThrough: true,
  uncommitted: false,
  keepsTransactions: true,
  lastError: null,
  failure: null,
};

it('finds nothing wrong with what came through', () => {
  expect(judgeScriptEnd(fine)).toBeNull();
});

it.each([
  ['in the middle of something', { cameThrough: false, failure }, 'archive_unusable'],
  ['in a transaction that it does not end', { uncommitted: true }, 'archive_unusable'],
  [
    'perhaps rolled back with what was left out',
    { keepsTransactions: false, lastError: 'line 3: no' },
    'archive_unusable',
  ],
  ['refused', { failure }, 'load_failed'],
  ['refused, and not waited for', { exitCode: null, cameThrough: false, failure }, 'load_failed'],
  ['stopped by itself', { exitCode: 3, cameThrough: false }, 'load_failed'],
  ['killed', { exitCode: 137, cameThrough: false }, 'load_failed'],
])('tells one that was %s', (_what, end, code) => {
  expect(judgeScriptEnd({ ...fine, ...end })).toMatchObject({ code });
});

it('takes a script that may lose transactions, but did not', () => {
  expect(judgeScriptEnd({ ...fine, keepsTransactions: false })).toBeNull();
});

it('says at which error a script stops by itself', () => {
  const end = { ...fine, exitCode: 3, cameThrough: false, lastError: 'line 3: role "x" does not exist' };
  expect(judgeScriptEnd(end)?.message).toMatch(/ON_ERROR_STOP.*line 3: role "x"/);
});

describe('the head of a script', () => {
  const head = '--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 16.3 (Debian)\n';

  it('tells a dump from other SQL', () => {
    expect(readScriptHead(head, 16)).toEqual({ isDump: true });
    expect(readScriptHead('CREATE TABLE x ();', 16)).toEqual({ isDump: false });
  });

  it.each([
    [head, 15, /PostgreSQL 16 and this is PostgreSQL 15/],
    ['--\n-- PostgreSQL database cluster dump\n--\n', 16, /pg_dumpall/],
    ['PGDMP\u0001', 16, /archive/],
    ['S\0E\0L\0', 16, /UTF-8/],
  ])('refuses %j', (text, major, message) => {
    expect(() => readScriptHead(text, major)).toThrow(message);
  });
});
