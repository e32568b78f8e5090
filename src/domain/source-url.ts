/** How a connection is encrypted, as in libpq. What it has beyond these is either weaker than it looks or not needed. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** A PostgreSQL elsewhere, as somebody named it. */
export interface SourceAddress {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  /** `null`: left to us. */
  sslMode: SslMode | null;
}

/** The URL cannot be used. The message says why, and has nothing of the URL that could be a secret. */
export class SourceUrlError extends Error {
  override readonly name = 'SourceUrlError';
}

/** Parameters that others write into such URLs and that change nothing of what is read. */
const IGNORED = [
  'application_name',
  'fallback_application_name',
  'channel_binding',
  'connect_timeout',
  'connection_limit',
  'pgbouncer',
  'pool_timeout',
];

const HOST = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?$/i;

/**
 * Reads `postgresql://user:password@host:port/database?sslmode=require`. What libpq would also take from its
 * environment, from files, from sockets or from a second host is refused: a URL shall mean the server that it names.
 */
export function parseSourceUrl(text: string): SourceAddress {
  const url = parse(text);
  if (url.hash !== '' || text.includes('#')) throw fault('a # in it has to be written as %23');
  const { host, port } = serverOf(url);
  const user = decoded(url.username, 'user name');
  const path = url.pathname.replace(/^\//, '');
  if (path.includes('/')) throw fault('a / in the database name has to be written as %2F');
  const database = decoded(path, 'database name');
  if (user === '') throw fault('it names no user');
  if (database === '') throw fault('it names no database');
  const password = decoded(url.password, 'password');
  return { host, port, database, user, password, sslMode: sslModeOf(url.searchParams) };
}

function parse(text: string): URL {
  if (!/^postgres(?:ql)?:\/\//i.test(text)) throw fault('it has to begin with postgresql://');
  try {
    return new URL(text);
  } catch {
    // What URL says has all of the text.
    throw fault(
      'it is no URL: it has to name one host, its port as a number, and / ? # @ in a password have to be percent-encoded',
    );
  }
}

function serverOf({ hostname, port }: URL): { host: string; port: number } {
  if (hostname === '') throw fault('it names no host (sockets are not for servers elsewhere)');
  if (hostname.includes(',')) throw fault('it names several hosts: name one');
  const isIpv6 = hostname.startsWith('[');
  if (!isIpv6 && !HOST.test(hostname)) throw fault('its host is neither a name nor an address');
  if (port === '0') throw fault('its port is 0');
  const host = isIpv6 ? hostname.slice(1, -1) : hostname;
  return { host, port: port === '' ? 5432 : Number(port) };
}

function decoded(part: string, what: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw fault(`the percent-encoding of its ${what} is wrong`);
  }
  if (/\p{Cc}/u.test(text)) throw fault(`its ${what} has control characters`);
  return text;
}

function sslModeOf(parameters: URLSearchParams): SslMode | null {
  for (const name of new Set(parameters.keys())) {
    if (name === 'sslmode' || IGNORED.includes(name)) continue;
    throw fault(`the parameter ${JSON.stringify(name.slice(0, 40))} is not supported: leave it out`);
  }
  const [value, more] = parameters.getAll('sslmode');
  if (value === undefined) return null;
  const mode = SSL_MODES.find((known) => known === value);
  if (!mode || more !== undefined) throw fault(`sslmode has to be one of ${SSL_MODES.join(', ')}`);
  return mode;
}

function fault(reason: string): SourceUrlError {
  return new SourceUrlError(`the URL cannot be used: ${reason}`);
}
