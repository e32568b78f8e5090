import type { OperationKind } from './operation.js';

const MINUTE_MS = 60_000;

/**
 * How long an operation is tried, from its first attempt on, before its failure is final. A removal is never given up:
 * until it is done the row stays `deleting`, and somebody's data or disk depends on it.
 */
export const DEADLINE_MS: Record<OperationKind, number | null> = {
  provision: 10 * MINUTE_MS,
  repair: 10 * MINUTE_MS,
  restart: 10 * MINUTE_MS,
  backup: 24 * 60 * MINUTE_MS,
  verify: 24 * 60 * MINUTE_MS,
  copy: 24 * 60 * MINUTE_MS,
  restore: 24 * 60 * MINUTE_MS,
  import: 24 * 60 * MINUTE_MS,
  discard: null,
  remove: null,
  purge: null,
};

/** How often an operation with a deadline is tried at the most: a dump is too much work to repeat all day. */
export const MAX_ATTEMPTS: Record<OperationKind, number> = {
  provision: Infinity,
  repair: Infinity,
  restart: Infinity,
  backup: 3,
  verify: 3,
  copy: Infinity,
  restore: 3,
  import: 3,
  discard: Infinity,
  remove: Infinity,
  purge: Infinity,
};

/**
 * How long what may be tried a few times waits for what was not there, when it is restarted, say. An attempt without an
 * engine was none; one without the database counts, since the work itself may be what ends it.
 */
export const ABSENCE_MS = { engine: 10_000, database: 20_000 };

/** How long it waits at the most between two attempts, where that is not half a minute: a bucket can be away for hours. */
export const RETRY_PAUSE_MS: Partial<Record<OperationKind, number>> = { copy: 10 * MINUTE_MS };

/** Nothing waits longer than this for its next attempt, with all that is added by chance. */
export const LONGEST_PAUSE_MS = 60 * MINUTE_MS;

/**
 * How many of a kind are at work together, where that is limited: what takes long and reads or writes whole databases
 * must not keep others from being made and mended, nor leave no processor to who queries them.
 */
export const AT_ONCE: Partial<Record<OperationKind, number>> = {
  backup: 2,
  verify: 1,
  copy: 2,
  restore: 2,
  import: 2,
};
