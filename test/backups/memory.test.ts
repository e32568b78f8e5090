import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DiskStore } from '../../src/backups/disk/disk-store.js';
import { REPOSITORY } from '../repository.js';
import { temporaryFolder } from '../temporary-folder.js';
import { startS3 } from './s3-server.js';
import { keep, keyNumber } from './sample-backup.js';

const MIB = 1024 ** 2;

describe('memory', () => {
  it.each([64, 512])(
    'does not grow with a backup of %i MiB',
    (size) => {
      using folder = temporaryFolder();
      const script = join(__dirname, 'stream-and-measure.ts');
      const values = ['--import', 'tsx', script, folder.path, String(size * MIB)];
      const said = execFileSync(process.execPath, values, { cwd: REPOSITORY, encoding: 'utf8' });
      const { kept, opened } = JSON.parse(said) as { kept: number; opened: number };
      expect(kept).toBeLessThan(32 * MIB);
      // Whoever reads keeps the pieces as long as they like: V8 collects them when there are some 32 MiB of them.
      expect(opened).toBeLessThan(64 * MIB);
    },
    120_000,
  );

  it.each([32, 160])(
    'does not grow with an encrypted copy of %i MiB',
    async (size) => {
      using folder = temporaryFolder();
      const disk = new DiskStore(folder.path);
      await keep(disk, keyNumber(1), MIB);
      await keep(disk, keyNumber(2), size * MIB);
      await using s3 = await startS3();
      const script = join(__dirname, 'copy-and-measure.ts');
      const values = ['--import', 'tsx', script, folder.path, JSON.stringify(s3.bucket)];
      const { stdout } = await promisify(execFile)(process.execPath, values, { cwd: REPOSITORY });
      const { uploaded, downloaded } = JSON.parse(stdout) as { uploaded: number; downloaded: number };
      // 39 to 41 MB by measure: the pieces that age makes, of which V8 keeps 32 MiB, and one part.
      expect(uploaded).toBeLessThan(64e6);
      expect(downloaded).toBeLessThan(64 * MIB);
    },
    180_000,
  );
});
