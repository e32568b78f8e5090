import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../../../repository.js';

it('fails, and no more than that, when PostgreSQL is lost to both of its sessions at once', () => {
  const argv = ['--import', 'tsx', join(__dirname, 'swap-and-lose.ts')];
  // A rejection that nobody listens to would end the process.
  expect(execFileSync(process.execPath, argv, { cwd: REPOSITORY, encoding: 'utf8' })).toMatch(
    /psql lost PostgreSQL/,
  );
});
