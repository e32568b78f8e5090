import type { Skipped } from '../../runtime.js';
import type { StepDeps } from '../attempt.js';
import type { SourceContents } from '../source/source-contents.js';
import type { Connection } from '../sql/connection.js';

/** Where a source is made ready. */
export interface PreparationPlace extends Pick<StepDeps, 'engine'> {
  /** The workbench. */
  containerId: string;
  major: number;
  /** Extensions that a tenant may create here. */
  loadableExtensions: ReadonlySet<string>;
  /** Has a container that reaches other hosts and shares the workbench's volume. */
  withSourceBench: <T>(use: (containerId: string) => Promise<T>, signal: AbortSignal) => Promise<T>;
  onProgress: (step: string, done: number, total: number) => void;
}

/** A source of which all is known that can be, before anything is made in the target. */
export interface Preparation {
  /** Whether everything is given back to whom it belonged. Otherwise it is the tenant's. */
  keepsOwners: boolean;
  /** What the source held at the instant of its dump; `null` when it could not be asked. */
  source: SourceContents | null;
  /** Loads it. Rejects unless nothing is missing but what it returns. */
  load: (connection: Connection, signal: AbortSignal) => Promise<Skipped[]>;
}
