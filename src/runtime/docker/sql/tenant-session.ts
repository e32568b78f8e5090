import { Client, DatabaseError, type QueryResultRow } from 'pg';
import { TENANT_DATABASE, type Login } from '../../../domain/environment.js';
import { RuntimeError, type RuntimeErrorCode } from '../../runtime-error.js';
import type { Address } from '../address.js';
import { withDeadline } from '../engine/deadline.js';
import { identifier } from './quote.js';
import { adviceOn } from './advice-on.js';
import type { Session } from './session.js';
import { sessionSettings } from './session-settings.js';

const CONNECT_MS = 15_000;
/** SQLSTATEs of a server that is not up, and what Node.js says where nobody listens. */
const ABSENT = ['57P01', '57P02', '57P03', 'ECONNREFUSED'];
/** A server that vanished is noticed within this and ten seconds. */
const KEEP_ALIVE_MS = 30_000;

export interface SessionAs {
  login: Login;
  major: number;
  applicationName: string;
  /** The tenant's own when left out. */
  database?: string;
  /** The code of an error for what PostgreSQL refuses; `dump_failed` when left out. */
  refusal?: RuntimeErrorCode;
}

/** A direct connection as a login of the tenant's. Aborting the signal closes it, and fails what it is at. */
export class TenantSession implements Session {
  private constructor(
    private readonly client: Client,
    private readonly signal: AbortSignal,
    private readonly refusal: RuntimeErrorCode,
  ) {
    signal.addEventListener('abort', this.close, { once: true });
  }

  static async open(
    address: Address,
    { login, major, applicationName, database = TENANT_DATABASE, refusal = 'dump_failed' }: SessionAs,
    signal: AbortSignal,
  ): Promise<TenantSession> {
    const client = new Client({
      ...address,
      // Whatever PGSSLMODE says.
      ssl: false,
      user: login.role,
      password: login.password,
      database,
      application_name: applicationName,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      options: sessionSettings(major),
    });
    // It reports a broken connection as an event too; whoever waits for an answer hears of it anyway.
    client.on('error', () => undefined);
    const session = new TenantSession(client, signal, refusal);
    try {
      await withDeadline(CONNECT_MS, signal, async () => {
        await client.connect();
        // Of its own: the owner does not have the rights on what the login made for itself.
        await client.query(`SET ROLE ${identifier(login.role)}`);
      });
      return session;
    } catch (error) {
      session.close();
      throw sessionFailure(error, signal, refusal);
    }
  }

  async query<Row extends QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    try {
      return (await this.client.query<Row>(sql, values)).rows;
    } catch (error) {
      throw sessionFailure(error, this.signal, this.refusal);
    }
  }

  async run(sql: string): Promise<void> {
    await this.query(sql);
  }

  readonly close = (): void => {
    this.signal.removeEventListener('abort', this.close);
    this.client.end().catch(() => undefined);
  };
}

/** It starts, stops or recovers from a crash. */
function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return ABSENT.includes(String(code));
}

function sessionFailure(error: unknown, signal: AbortSignal, refusal: RuntimeErrorCode): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (signal.aborted) return new RuntimeError('aborted', 'Stopped while the database was read', options);
  if (isAbsence(error)) {
    return new RuntimeError('not_running', `PostgreSQL takes no connection: ${message}`, options);
  }
  if (error instanceof DatabaseError) {
    return new RuntimeError(refusal, `PostgreSQL said: ${message}${adviceOn(message)}`, options);
  }
  return new RuntimeError('unavailable', `The connection to PostgreSQL was lost: ${message}`, options);
}
