import { pgDumpArgv } from '../../../../src/runtime/docker/source/run-pg-dump.js';

it('says nothing secret, and takes a snapshot where there is one', () => {
  expect(pgDumpArgv('/x/archive', '0001-1')).toEqual(
    expect.arrayContaining(['--file=/x/archive', '--snapshot=0001-1', '--no-password', '--no-subscriptions']),
  );
  expect(pgDumpArgv('/x/archive', null).join(' ')).not.toContain('snapshot');
});
