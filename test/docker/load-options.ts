import type { LoadOptions } from '../../src/runtime/runtime.js';
import { generateId } from '../../src/secrets/random.js';
import { soon } from './engine-fixture.js';

/** A load that replaces what is there, unless told otherwise. */
export function loadOptions(changes: Partial<LoadOptions> = {}): LoadOptions {
  return {
    loadId: generateId(),
    replace: true,
    check: () => undefined,
    onExchange: () => undefined,
    signal: soon(),
    ...changes,
  };
}
