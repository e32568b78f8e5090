import { TENANT_DATABASE } from '../../../domain/environment.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Session } from '../sql/session.js';
import { sleep } from '../engine/deadline.js';
import type { Execs } from '../engine/exec.js';
import { identifier, literal } from '../sql/quote.js';
import type { LoadNames } from './load-names.js';
import { whilePaused } from './pause-pooler.js';
import { OBJECT_IN_USE, SqlError } from '../sql/sql-error.js';
import { asSuperuser } from '../sql/superuser.js';

/** How long transactions may take to end by themselves. */
const GRACE_MS = 300;
const POLL_MS = 20;
const ATTEMPTS = 5;
/** All of it takes less than a second. What hangs is given up, and the pooler resumed. */
const DEADLINE_MS = 30_000;

const LOCK_NOT_AVAILABLE = '55P03';

export interface SwapPlace {
  execs: Execs;
  postgresId: string;
  /** `null` when it does not run, and nobody waits. */
  poolerId: string | null;
}

/**
 * Puts a database in place of the tenant's own, whose name it takes, in one transaction: either both are renamed
 * or none. Queries through the pooler wait meanwhile; direct connections are closed. Returns for how long, in ms.
 */
export function swap({ execs, postgresId, poolerId }: SwapPlace, names: LoadNames): Promise<number> {
  // Not to be broken off half-way by whoever has lost interest.
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const inSession = <T>(use: (session: Session) => Promise<T>) => asSuperuser(execs, postgresId, use, signal);
  return inSession((renamer) =>
    inSession(async (bouncer) => {
      // They are logged in before the pooler is paused.
      await Promise.all([renamer.query('SELECT 1 AS up'), bouncer.query('SELECT 1 AS up')]);
      const exchange = async () => {
        const startedAt = performance.now();
        await graceTo(bouncer, names, signal);
        await exchangeNames(renamer, bouncer, names, signal);
        return startedAt;
      };
      const startedAt = await (poolerId === null
        ? exchange()
        : whilePaused(execs, poolerId, exchange, signal));
      return Math.ceil(performance.now() - startedAt);
    }),
  );
}

async function graceTo(session: Session, names: LoadNames, signal: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < GRACE_MS; waitedMs += POLL_MS) {
    const [busy] = await session.query(`
      SELECT FROM pg_stat_activity
      WHERE ${isIn(names)} AND backend_type = 'client backend' AND state <> 'idle' LIMIT 1`);
    if (!busy) return;
    await sleep(POLL_MS, signal);
  }
}

/** Renaming takes a lock that nobody gets past any more, and then waits for those who are in: they are sent away. */
async function exchangeNames(
  renamer: Session,
  bouncer: Session,
  names: LoadNames,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const renamed = { done: false };
    const renaming = rename(renamer, names).finally(() => {
      renamed.done = true;
    });
    const sending = async () => {
      while (!renamed.done) {
        await bouncer.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${isIn(names)}`);
        await sleep(POLL_MS, signal);
      }
    };
    const [result] = await Promise.allSettled([renaming, sending()]);
    if (result.status === 'fulfilled') return;
    const { reason } = result as { reason: unknown };
    const taken = reason instanceof SqlError && [OBJECT_IN_USE, LOCK_NOT_AVAILABLE].includes(reason.sqlState);
    if (!taken) throw reason;
    if (attempt === ATTEMPTS) {
      const message = `The database is never free to be exchanged: ${reason.message}. Try again when less is connected to it`;
      throw new RuntimeError('unavailable', message, { cause: reason });
    }
  }
}

function isIn({ fresh }: LoadNames): string {
  return `datname IN (${literal(TENANT_DATABASE)}, ${literal(fresh)})`;
}

async function rename(session: Session, { fresh, previous }: LoadNames): Promise<void> {
  try {
    await session.run('BEGIN');
    await session.run(`SET LOCAL lock_timeout = '2s'`);
    await session.run(`ALTER DATABASE ${identifier(TENANT_DATABASE)} RENAME TO ${identifier(previous)}`);
    for (const statement of passOn(previous, fresh)) await session.run(statement);
    await session.run(`ALTER DATABASE ${identifier(fresh)} RENAME TO ${identifier(TENANT_DATABASE)}`);
    await session.run('COMMIT');
  } catch (error) {
    await session.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** What belongs to a database and lies outside of it: a tenant's settings, who may connect, the comment. */
function passOn(from: string, to: string): string[] {
  const oid = (name: string) => `(SELECT oid FROM pg_database WHERE datname = ${literal(name)})`;
  return [
    `DELETE FROM pg_db_role_setting WHERE setdatabase = ${oid(to)}`,
    `INSERT INTO pg_db_role_setting (setdatabase, setrole, setconfig)
      SELECT ${oid(to)}, setrole, setconfig FROM pg_db_role_setting WHERE setdatabase = ${oid(from)}`,
    `UPDATE pg_database d SET datacl = f.datacl, datconnlimit = f.datconnlimit
      FROM pg_database f WHERE d.datname = ${literal(to)} AND f.datname = ${literal(from)}`,
    `DELETE FROM pg_shdescription
      WHERE classoid = 'pg_database'::regclass AND objoid = ${oid(to)}`,
    `INSERT INTO pg_shdescription (objoid, classoid, description)
      SELECT ${oid(to)}, classoid, description FROM pg_shdescription
      WHERE classoid = 'pg_database'::regclass AND objoid = ${oid(from)}`,
  ];
}
