import { guarded } from '../../../../src/runtime/docker/engine/guarded.js';
import { parseVersion, pgDumpArgv } from '../../../../src/runtime/docker/dump/pg-dump.js';
import { sessionSettings } from '../../../../src/runtime/docker/sql/session-settings.js';

it('has pg_dump be the login and nobody else, on the snapshot', () => {
  const argv = pgDumpArgv({ role: 'app_b', snapshot: '00000003-1', compression: 'zstd' });
  expect(argv).toEqual(
    expect.arrayContaining([
      '--username=app_b',
      '--role=app_b',
      '--snapshot=00000003-1',
      '--compress=zstd:1',
    ]),
  );
  expect(argv.join(' ')).not.toMatch(/postgres|enable-row-security/);
});

it('keeps arguments apart from the script', () => {
  const argv = guarded(['pg_dump', '$(rm -r /)', '"; id']);
  expect(argv.slice(0, 2)).toEqual(['sh', '-c']);
  expect(argv.slice(3)).toEqual(['sh', 'pg_dump', '$(rm -r /)', '"; id']);
  expect(argv[2]).toBe(guarded(['other'])[2]);
});

it.each([
  ['pg_dump (PostgreSQL) 17.12 (Debian 17.12-0+deb13u1)\n', '17.12'],
  ['pg_dump (PostgreSQL) 18.0\n', '18.0'],
  ['sh: not found', null],
])('reads the version of %j', (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

it('asks each major for what it knows only', () => {
  expect(sessionSettings(16)).not.toContain('transaction_timeout=');
  expect(sessionSettings(17)).toContain('-c transaction_timeout=0');
  expect(sessionSettings(15)).toContain('-c row_security=off');
});
