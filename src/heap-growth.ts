import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow between two collections, in percent of what the last has left. */
const PERCENT = 100;

/**
 * Has V8 collect garbage less often. Buffers on their way through count as heap, and once it was collected a small one
 * is collected anew after 8 MB: an upload of 370 MB causes dozens of collections, each of which looks through everything
 * that the daemon consists of, and two thirds of its processor time are theirs.
 *
 * The flag is read anew after each collection, so that it can be set while V8 runs.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${PERCENT}`);
}
