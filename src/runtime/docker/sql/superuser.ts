import { asOptions } from './session-settings.js';
import type { Execs } from '../engine/exec.js';
import { localConnection } from './connection.js';
import { PsqlSession } from './psql-session.js';

/** A database that is dropped can take its time. */
const DEADLINE_MS = 10 * 60_000;

/** In `pg_stat_activity`. */
export const APPLICATION_NAME = 'paasdb';

const SETTINGS: Record<string, string> = {
  search_path: 'pg_catalog',
  statement_timeout: '0',
  lock_timeout: '30s',
  // Passwords' verifiers shall not be in the server's log.
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_error_statement: 'panic',
  client_min_messages: 'warning',
  // What a load wrote without waiting for the disk is there with the first commit of a session that does wait.
  synchronous_commit: 'on',
};

/**
 * Has a session of the superuser in a PostgreSQL container, in the database `postgres` and in no other: in a
 * tenant's own, functions and settings of theirs would be run by the superuser.
 */
export function asSuperuser<T>(
  execs: Execs,
  containerId: string,
  use: (session: PsqlSession) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const env = { ...localConnection('postgres'), PGAPPNAME: APPLICATION_NAME, PGOPTIONS: asOptions(SETTINGS) };
  const place = {
    containerId,
    env,
    refusal: 'load_failed',
    absence: 'not_running',
    deadlineMs: DEADLINE_MS,
  } as const;
  return PsqlSession.use(execs, place, use, signal);
}
