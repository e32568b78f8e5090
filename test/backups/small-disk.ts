import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.js';

/** A real file system of its own, in memory. */
export interface SmallDisk extends Disposable {
  path: string;
  /** Fills it up to so many bytes. */
  leave(bytes: number): void;
  becomeReadOnly(): void;
  becomeWritable(): void;
}

/** Throws where nothing can be mounted: that is for root alone. */
export function smallDisk(sizeBytes: number): SmallDisk {
  const folder = temporaryFolder();
  const path = join(folder.path, 'disk');
  mkdirSync(path);
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'tmpfs', path);
  } catch (error) {
    folder[Symbol.dispose]();
    throw new Error('the tests of full and read-only disks mount some: run them as root', { cause: error });
  }
  return {
    path,
    leave: (bytes) => {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(join(path, 'ballast'), Buffer.alloc(bavail * bsize - bytes));
    },
    becomeReadOnly: () => run('mount', '-o', 'remount,ro', path),
    becomeWritable: () => run('mount', '-o', 'remount,rw', path),
    [Symbol.dispose]: () => {
      run('umount', path);
      folder[Symbol.dispose]();
    },
  };
}

function run(command: string, ...values: string[]): void {
  execFileSync(command, values, { stdio: ['ignore', 'ignore', 'pipe'] });
}
