import type { Database } from './records.js';

/** Where clients inside the org's network find a database. */
export interface Endpoints {
  host: string;
  port: number;
  directHost: string;
  directPort: number;
}

/** The login a client uses. */
export interface Login {
  role: string;
  password: string;
}

/** The name of the PostgreSQL database inside every managed database. */
export const TENANT_DATABASE = 'app';

export interface Dsns {
  dsn: string;
  directDsn: string;
}

/** The pooled and the direct URL of a database. */
export function dsnsOf(endpoints: Endpoints, login: Login): Dsns {
  const url = (host: string, port: number) =>
    `postgresql://${login.role}:${encodeURIComponent(login.password)}@${host}:${port}/${TENANT_DATABASE}`;
  return {
    dsn: url(endpoints.host, endpoints.port),
    directDsn: url(endpoints.directHost, endpoints.directPort),
  };
}

/** The variables that a deploy reads: `main` gives DATABASE_URL, `reporting` gives REPORTING_DATABASE_URL. */
export function variablesOf(name: Database['name'], dsns: Dsns): Record<string, string> {
  const prefix = name === 'main' ? '' : `${name.toUpperCase().replaceAll('-', '_')}_`;
  return {
    [`${prefix}DATABASE_URL`]: dsns.dsn,
    [`${prefix}DATABASE_DIRECT_URL`]: dsns.directDsn,
  };
}
