import { RuntimeError, type DatabaseContents } from '../runtime/runtime.js';
import { compareContents } from './compare-contents.js';
import type { BackupContents } from './manifest.js';

/**
 * Throws unless what was restored is what was backed up. The versions of extensions are those of the server's image:
 * after an upgrade of it a dump is restored with newer ones, and is none the worse for that.
 */
export function checkRestored(expected: BackupContents, actual: DatabaseContents): void {
  const versions = new Map(actual.extensions.map(({ name, version }) => [name, version]));
  const extensions = expected.extensions.map((extension) => ({
    ...extension,
    version: versions.get(extension.name) ?? extension.version,
  }));
  const differences = compareContents({ ...expected, extensions }, actual);
  if (differences.length === 0) return;
  throw new RuntimeError(
    'load_failed',
    `What was restored is not what was backed up, so nothing was changed: ${differences.join('; ')}. Restore another backup`,
  );
}
