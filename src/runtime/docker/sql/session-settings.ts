/** How long a migration may keep a dump from its locks. */
const LOCK_TIMEOUT = '120s';

/**
 * What holds for every session of a dump, as libpq's `options`. A tenant can give the roles and the database
 * settings of their own, of which a timeout would break a dump off; what a client asks for goes before those.
 */
export function sessionSettings(major: number): string {
  return asOptions({
    // Names mean PostgreSQL's own objects, whatever a tenant has made of the same name.
    search_path: 'pg_catalog',
    // A policy that would hide rows is an error.
    row_security: 'off',
    // What was loaded is given to the tenant in such a session.
    default_transaction_read_only: 'off',
    ...lastingSettings(major),
    // The tenant's own queries come first.
    max_parallel_workers_per_gather: '0',
  });
}

/** What lets a session take as long as it needs to. */
export function lastingSettings(major: number): Record<string, string> {
  return {
    statement_timeout: '0',
    lock_timeout: LOCK_TIMEOUT,
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    ...(major >= 17 && { transaction_timeout: '0' }),
    client_encoding: 'UTF8',
    // A long query ends soon after its client did.
    client_connection_check_interval: '2s',
  };
}

/** As libpq's `options`. */
export function asOptions(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}
