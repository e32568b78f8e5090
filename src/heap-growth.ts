import { setFlagsFromString } from 'node:v8';

/** By how much the heap may grow between two collections, in percent of what the last has left. */
const PERCENT = 100;

/**
 * Has V8 collect garbage less often. Buffers on their way through count as heap, and of a small one V8 collects all
 * after 8 MB: a dump that is passed on would cause dozens of collections, each of which looks through everything that
 * the daemon consists of, and two thirds of the processor time would be theirs.
 *
 * The flag is read anew after each collection, so that it can be set while V8 runs.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${PERCENT}`);
}
