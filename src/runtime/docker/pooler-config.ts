import { TENANT_DATABASE } from '../../domain/environment.js';
import type { DatabaseSpec } from '../runtime.js';

export const POSTGRES_PORT = 5432;
export const POOLER_PORT = 6432;
export const POOLER_FOLDER = '/etc/pgbouncer';
export const POOLER_INI = `${POOLER_FOLDER}/pgbouncer.ini`;
const USERLIST = `${POOLER_FOLDER}/userlist.txt`;

/** Contents by name. */
export type PoolerFiles = Record<'pgbouncer.ini' | 'userlist.txt', string>;

/** The pooler's files. They hold the verifier, with which nobody can log in, and no password. */
export function poolerFiles(spec: DatabaseSpec, postgresHost: string): PoolerFiles {
  return {
    'pgbouncer.ini': ini({
      databases: {
        [TENANT_DATABASE]: connectString({
          host: postgresHost,
          port: String(POSTGRES_PORT),
          dbname: TENANT_DATABASE,
        }),
      },
      pgbouncer: {
        listen_addr: '*',
        listen_port: String(POOLER_PORT),
        unix_socket_dir: '',
        auth_type: 'scram-sha-256',
        auth_file: USERLIST,
        pool_mode: spec.pool.mode,
        default_pool_size: String(spec.pool.size),
        max_client_conn: String(spec.pool.maxClientConnections),
        max_prepared_statements: '200',
        // What drivers send and what changes no result. What PgBouncer does not keep per client it refuses then,
        // rather than drop it: a client without its search_path would write to another schema. `options` is read
        // for the same parameters. All of them work on the direct URL.
        ignore_startup_parameters: 'extra_float_digits',
        // PostgreSQL gets another address whenever its container is made again.
        dns_max_ttl: '1',
        dns_nxdomain_ttl: '1',
        server_login_retry: '1',
        server_connect_timeout: '5',
        server_idle_timeout: '300',
        tcp_keepidle: '60',
        tcp_keepintvl: '15',
        tcp_keepcnt: '4',
        admin_users: '',
        stats_users: '',
        log_connections: '0',
        log_disconnections: '0',
        log_stats: '0',
      },
    }),
    'userlist.txt': `${quoted(spec.login.role)} ${quoted(spec.login.verifier)}\n`,
  };
}

function ini(sections: Record<string, Record<string, string>>): string {
  return Object.entries(sections)
    .map(([section, settings]) => {
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${oneLine(value)}`.trimEnd());
      return [`[${section}]`, ...lines, ''].join('\n');
    })
    .join('\n');
}

/** PgBouncer's quoting in connect strings: apostrophes, doubled inside. */
function connectString(parts: Record<string, string>): string {
  return Object.entries(parts)
    .map(([key, value]) => `${key}='${value.replaceAll("'", "''")}'`)
    .join(' ');
}

/** PgBouncer's quoting in the userlist: double quotes, doubled inside. */
function quoted(value: string): string {
  return `"${oneLine(value).replaceAll('"', '""')}"`;
}

/** A line break would begin a setting of its own, which no quoting prevents. */
function oneLine(value: string): string {
  if (/[\r\n\0]/.test(value)) throw new TypeError('A line break in a setting of the pooler');
  return value;
}
