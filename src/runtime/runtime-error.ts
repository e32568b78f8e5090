import { ActionableError } from '../domain/actionable-error.js';

export type RuntimeErrorCode =
  /** The runtime does not answer, or not in time. */
  | 'unavailable'
  /** The image of this version cannot be had, or is not what paasdb needs. */
  | 'image_unusable'
  | 'no_space'
  /** The volume of a database that was ready is gone. */
  | 'data_missing'
  /** The volume was written by another major version or another libc. */
  | 'data_mismatch'
  /** Something that is not ours has the name or the address range we need. */
  | 'conflict'
  /** PostgreSQL or the pooler did not come up. */
  | 'start_failed'
  /** The database has to run for this, and does not. */
  | 'not_running'
  /** The database could not be read. */
  | 'dump_failed'
  /** What was to be loaded is not an archive, not a whole one, or one of a newer major version. */
  | 'archive_unusable'
  /** The server to load from cannot be reached, or does not let us read. */
  | 'source_unusable'
  /** The database holds something that was not to be replaced. */
  | 'not_empty'
  /** PostgreSQL refused something of what was to be loaded. */
  | 'load_failed'
  /** Something was asked for, and what came of it could not be learned. */
  | 'in_doubt'
  /** The caller aborted. */
  | 'aborted';

const FINAL: readonly RuntimeErrorCode[] = [
  'image_unusable',
  'data_missing',
  'data_mismatch',
  'conflict',
  'archive_unusable',
  'source_unusable',
  'not_empty',
  'load_failed',
];

/** A failure with a message that tells an operator what to do. */
export class RuntimeError extends ActionableError {
  override readonly name = 'RuntimeError';

  constructor(
    readonly code: RuntimeErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return !FINAL.includes(this.code);
  }

  override get absent(): 'engine' | 'database' | null {
    // What is in doubt may be done: an attempt to find out is none that failed.
    if (this.code === 'in_doubt') return 'engine';
    return this.code === 'not_running' ? 'database' : null;
  }
}
