import { Client, DatabaseError } from 'pg';
import { TENANT_DATABASE, type Login } from '../../domain/environment.js';
import type { Address } from './address.js';

/** `busy`: it is up and has no connection to spare. `refused`: it was reached and did not accept the login. */
export type LoginOutcome = 'works' | 'busy' | 'refused' | 'unreachable';

export interface LoginAttempt {
  outcome: LoginOutcome;
  /** What was said, for people; empty when it worked. */
  message: string;
}

/** Logs in as a client would and asks a question. Never rejects. */
export async function tryLogin(address: Address, login: Login, timeoutMs: number): Promise<LoginAttempt> {
  const client = new Client({
    ...address,
    // Whatever PGSSLMODE says.
    ssl: false,
    user: login.role,
    password: login.password,
    database: TENANT_DATABASE,
    application_name: 'paasdb',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  // It reports a broken connection as an event too, which nobody is left to hear.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return { outcome: 'works', message: '' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: error instanceof DatabaseError ? outcomeOf(error) : 'unreachable', message };
  } finally {
    client.end().catch(() => undefined);
  }
}

const TOO_MANY_CONNECTIONS = '53300';
const INVALID_AUTHORIZATION = '28000';
const INVALID_PASSWORD = '28P01';

/** PgBouncer has one code, 08P01, for most of what it does not like; its words tell. */
function outcomeOf({ code, message }: DatabaseError): LoginOutcome {
  if (code === TOO_MANY_CONNECTIONS || /no more connections allowed/i.test(message)) return 'busy';
  const refused =
    code === INVALID_AUTHORIZATION ||
    code === INVALID_PASSWORD ||
    /authentication failed|no such user/i.test(message);
  return refused ? 'refused' : 'unreachable';
}
