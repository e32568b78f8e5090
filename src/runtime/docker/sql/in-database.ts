import type { Address } from '../address.js';
import type { Session } from './session.js';
import { TenantSession, type SessionAs } from './tenant-session.js';

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
