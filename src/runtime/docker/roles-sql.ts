import { TENANT_DATABASE } from '../../domain/environment.js';
import type { LoginSpec } from '../runtime.js';
import { dataLayout } from './data-layout.js';
import { identifier, literal } from './sql/quote.js';

/** Owns the database and all that is made in it. */
export const OWNER_ROLE = 'app_owner';
/** Two, so that a rotation can hand out the other while the first still works. */
export const LOGIN_ROLES = ['app', 'app_b'] as const;
/** All of them, as GRANT and REVOKE take them. */
export const TENANTS = [OWNER_ROLE, ...LOGIN_ROLES].map(identifier).join(', ');

/**
 * Makes roles and ownership what they shall be, and then writes the marker into the volume. For psql as
 * superuser in the database `postgres` with ON_ERROR_STOP; running it again changes nothing. Prints the server's data_directory.
 */
export function rolesSql({
  databaseId,
  major,
  login,
}: {
  databaseId: string;
  major: number;
  login: LoginSpec;
}): string {
  if (!LOGIN_ROLES.some((role) => role === login.role)) throw new TypeError(`No login role: ${login.role}`);
  return [
    ...SETTINGS,
    'BEGIN;',
    // A run that we gave up may still be at it, and two would stumble over each other's rows.
    `SELECT pg_advisory_xact_lock(${LOCK});`,
    ...tenantRoles(login),
    'REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;',
    // From here on the superuser logs in over the socket only, and so inside the container only.
    'ALTER ROLE postgres PASSWORD NULL;',
    'COMMIT;',
    `COPY (${markerQuery(databaseId, major)}) TO ${literal(dataLayout(major).markerPath)};`,
    'SHOW data_directory;',
    '',
  ].join('\n');
}

/** Makes the same roles where none of them has to log in, for psql in the same way. */
export function rehearsalRolesSql(): string {
  return [...SETTINGS, 'BEGIN;', ...tenantRoles(null), 'COMMIT;', ''].join('\n');
}

const SETTINGS = [
  // A statement that fails would be written to the server's log, and with it the verifier.
  'SET log_min_error_statement = panic;',
  'SET log_statement = none;',
  'SET log_min_duration_statement = -1;',
  'SET client_min_messages = warning;',
  'SET search_path = pg_catalog;',
  // psql would go on waiting in the container after nobody waits for it any more.
  `SET lock_timeout = '30s';`,
];

/** @param login the one that can log in; none when `null` */
function tenantRoles(login: Pick<LoginSpec, 'role' | 'verifier'> | null): string[] {
  const owner = identifier(OWNER_ROLE);
  const database = identifier(TENANT_DATABASE);
  return [
    ...[OWNER_ROLE, ...LOGIN_ROLES].map(createUnlessThere),
    `ALTER ROLE ${owner} ${POWERLESS} NOLOGIN PASSWORD NULL;`,
    ...LOGIN_ROLES.flatMap((role) => [
      `ALTER ROLE ${identifier(role)} ${POWERLESS} INHERIT ${
        role === login?.role ? `LOGIN PASSWORD ${literal(login.verifier)}` : 'NOLOGIN PASSWORD NULL'
      };`,
      `GRANT ${owner} TO ${identifier(role)};`,
      // Whoever makes an object, the owner owns it, and the other login can use it.
      `ALTER ROLE ${identifier(role)} SET role = ${literal(OWNER_ROLE)};`,
    ]),
    `ALTER DATABASE ${database} OWNER TO ${owner};`,
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC;`,
    `GRANT ALL ON DATABASE ${database} TO ${owner};`,
  ];
}

/** Any number that no other session inside the container locks. */
const LOCK = 7_265_273;

const POWERLESS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

function createUnlessThere(role: string): string {
  return (
    `SELECT format('CREATE ROLE %I', ${literal(role)}) ` +
    `WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(role)}) \\gexec`
  );
}

function markerQuery(databaseId: string, major: number): string {
  return `SELECT json_build_object('database', ${literal(databaseId)}, 'major', ${major}, 'version', version())`;
}
