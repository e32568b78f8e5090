import type { DatabaseSpec, LoadOptions } from '../../runtime.js';
import type { StepDeps } from '../attempt.js';
import type { Server } from '../find-server.js';
import type { LoadNames } from './load-names.js';

export interface LoadDeps extends Pick<StepDeps, 'engine' | 'networks' | 'prefix' | 'names' | 'logger'> {
  /** Of this process, as in `ReaderPlace`. */
  processId: string;
  /** How many the host has. */
  processors: number;
}

/** One attempt at a load. */
export interface Attempt {
  spec: DatabaseSpec;
  server: Server;
  names: LoadNames;
  options: LoadOptions;
}
