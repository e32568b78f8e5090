import type { Login } from '../../../domain/environment.js';
import type { Address } from '../address.js';
import { TenantSession } from './tenant-session.js';

const DEADLINE_MS = 5_000;

/**
 * Ends what a dump that was given up still has PostgreSQL do. It goes by itself as a rule; but the locks that
 * it holds otherwise are worth a second look.
 */
export async function endBackends(
  address: Address,
  { login, major, applicationName }: { login: Login; major: number; applicationName: string },
): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const session = await TenantSession.open(address, { login, major, applicationName: 'paasdb' }, signal);
  try {
    await session.query(
      'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE application_name = $1',
      [applicationName],
    );
  } finally {
    session.close();
  }
}
