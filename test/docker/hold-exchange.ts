import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from './until.js';

const run = promisify(execFile);

/** Runs SQL in a container of PostgreSQL as only the daemon can, and returns what psql prints. */
export async function asSuperuser(postgres: string, sql: string, database = 'postgres'): Promise<string> {
  const psql = ['psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', database, '-c', sql];
  return (await run('docker', ['exec', postgres, ...psql])).stdout.trim();
}

/** Has the exchange of names at the end of a load wait for a lock, until the return value is called. */
export async function holdExchange(postgres: string): Promise<() => void> {
  const psql = spawn('docker', ['exec', '-i', postgres, 'psql', '-X', '-U', 'postgres', '-d', 'postgres']);
  psql.stdin.write(`BEGIN; COMMENT ON DATABASE app IS 'held'; SELECT 'it is ' || 'held';\n`);
  let printed = '';
  psql.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until(() => printed.includes('it is held'), 10_000);
  return () => psql.stdin.end();
}

/** Resolves once it waits. */
export function exchangeWaits(postgres: string): Promise<void> {
  return until(isWaiting(postgres, 'ALTER DATABASE "app" RENAME', 'Lock'), 30_000);
}

/** Has commits wait that are on the disk: for another server, which never comes. */
export async function holdCommits(
  postgres: string,
): Promise<{ wait: () => Promise<void>; release: () => Promise<void> }> {
  const set = async (statement: string) => {
    await asSuperuser(postgres, `ALTER SYSTEM ${statement}`);
    await asSuperuser(postgres, 'SELECT pg_reload_conf()');
  };
  await set(`SET synchronous_standby_names = 'nobody'`);
  return {
    wait: () => until(isWaiting(postgres, 'COMMIT', 'SyncRep'), 10_000),
    release: () => set('RESET synchronous_standby_names'),
  };
}

const isWaiting = (postgres: string, statement: string, event: string) => async () =>
  (await asSuperuser(
    postgres,
    `SELECT count(*) FROM pg_stat_activity WHERE query LIKE '${statement}%' AND '${event}' IN (wait_event_type, wait_event)`,
  )) === '1';
