import type { DatabaseSpec } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Server } from '../find-server.js';
import { inDatabase } from '../sql/in-database.js';
import { findUserObjects } from './find-user-objects.js';

/** Rejects with `not_empty` when a database holds anything that PostgreSQL did not put there. */
export async function requireEmpty(
  { address }: Pick<Server, 'address'>,
  { login, engineVersion: major }: DatabaseSpec,
  signal: AbortSignal,
): Promise<void> {
  const found = await inDatabase(address, { login, major }, findUserObjects, signal);
  if (found.length === 0) return;
  const message = `The database is not empty (${found.join(', ')}): allow it to be replaced, or load into a new one`;
  throw new RuntimeError('not_empty', message);
}
