import type { DatabaseContents } from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';
import { compareContents } from '../compare-contents.js';
import type { BackupContents } from '../manifest.js';

/** Throws unless what was restored is what was backed up. */
export function checkRestored(expected: BackupContents, actual: DatabaseContents): void {
  const differences = compareContents(expected, actual);
  if (differences.length === 0) return;
  throw new RuntimeError(
    'load_failed',
    `What was restored is not what was backed up, so nothing was changed: ${differences.join('; ')}. Restore another backup`,
  );
}
