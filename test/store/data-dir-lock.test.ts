import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { lockDataDir } from '../../src/store/data-dir-lock.js';
import { REPOSITORY } from '../repository.js';
import { temporaryFolder } from '../temporary-folder.js';

describe('the lock of the data directory', () => {
  it('refuses a second daemon, and says what to do', () => {
    using folder = temporaryFolder();
    const lock = lockDataDir(folder.path);
    expect(() => lockDataDir(folder.path)).toThrow(/another paasdb daemon runs on .*PAASDB_DATA_DIR/);
    lock.release();
  });

  it('can be taken again once released', () => {
    using folder = temporaryFolder();
    lockDataDir(folder.path).release();
    lockDataDir(folder.path).release();
  });

  it('leaves other data directories alone', () => {
    using one = temporaryFolder();
    using other = temporaryFolder();
    const lock = lockDataDir(one.path);
    lockDataDir(other.path).release();
    lock.release();
  });

  it('is held against another process, and let go of when that process is killed', async () => {
    using folder = temporaryFolder();
    const script = join(__dirname, 'hold-lock.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder.path], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      expect(said.toString()).toBe('held\n');
      expect(() => lockDataDir(folder.path)).toThrow(/another paasdb daemon/);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    lockDataDir(folder.path).release();
  }, 30_000);

  it('fails in plain words when the folder cannot be written', () => {
    using folder = temporaryFolder();
    expect(() => lockDataDir(join(folder.path, 'missing'))).toThrow();
  });
});
