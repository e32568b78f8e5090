import type { LoadOptions } from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';
import { compareTables } from '../compare-contents.js';

/**
 * Throws when a table of the source is missing, or has other rows than it had there. What could not be asked, as of any
 * dump, is what it is: there is nothing to hold it against.
 */
export const checkImported: LoadOptions['check'] = (contents, source) => {
  if (source === null) return;
  const differences = compareTables(source.tables, contents.tables);
  if (differences.length === 0) return;
  throw new RuntimeError(
    'load_failed',
    `What was loaded is not what the source held, so nothing was replaced: ${differences.join('; ')}. Import a dump of it instead, and compare yourself`,
  );
};
