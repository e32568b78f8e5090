import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../repository.js';
import { temporaryFolder } from '../temporary-folder.js';

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
});
