import type { DatabaseContents } from '../../runtime.js';
import type { Address } from '../address.js';
import { lockRelations, readContents } from '../sql/contents.js';
import type { Session } from '../sql/session.js';
import { TenantSession, type SessionAs } from '../sql/tenant-session.js';

/** Counting all rows of something very large. */
const LIMIT_MS = 12 * 60 * 60_000;

/** Has a session in a database for as long as `use` takes. */
export async function inDatabase<T>(
  address: Address,
  as: Omit<SessionAs, 'applicationName' | 'refusal'>,
  use: (session: Session) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const named = { ...as, applicationName: 'paasdb', refusal: 'load_failed' } as const;
  const session = await TenantSession.open(address, named, bounded);
  try {
    return await use(session);
  } finally {
    session.close();
  }
}

/** What a database holds. */
export async function contentsOf(session: Session): Promise<DatabaseContents> {
  await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const relations = await lockRelations(session);
  const contents = await readContents(session, relations);
  await session.run('COMMIT');
  return contents;
}
