import type { OperationKind } from './operation.js';

const MINUTE_MS = 60_000;

/**
 * How long an operation is tried before its failure is final. A removal is never given up: until it is done
 * the row stays `deleting`, and somebody's data or disk depends on it.
 */
export const DEADLINE_MS: Record<OperationKind, number | null> = {
  provision: 10 * MINUTE_MS,
  repair: 10 * MINUTE_MS,
  restart: 10 * MINUTE_MS,
  backup: 24 * 60 * MINUTE_MS,
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
  discard: Infinity,
  remove: Infinity,
  purge: Infinity,
};

/** How many databases are dumped together: a long one must not keep the others from being made and mended. */
export const BACKUPS_AT_ONCE = 2;
