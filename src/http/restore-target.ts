import type { Backup } from '../domain/backup.js';
import type { App, Database, Org } from '../domain/records.js';
import type { ApiDeps } from './api-deps.js';
import type { Caller } from './endpoint.js';
import { Problem } from './problem.js';
import { queueDatabase } from './queue-database.js';
import { requireReady } from './require-ready.js';
import type { NewRestore } from './schemas/restore.js';

type Deps = Pick<ApiDeps, 'store' | 'versions' | 'newCredential'>;

/** Throws unless a restore is asked for in one of its two forms. */
export function requireOneForm({ as, plan, replace, confirm }: NewRestore): void {
  const isNew = as !== undefined;
  if (isNew === (replace === true)) {
    throw invalid(
      isNew ? 'replace' : 'as',
      'send either "as" with the name of a new database, or "replace": true with "confirm" to replace what this one holds',
    );
  }
  if (isNew && confirm !== undefined) throw invalid('confirm', 'is for "replace" alone: leave it out');
  if (!isNew && plan !== undefined) throw invalid('plan', 'is for a new database alone: leave it out');
}

/** A new database for a backup, with the operation that makes it. Call it in a transaction. */
export function queueRestored(
  deps: Deps,
  scope: { org: Org; app: App; database: Database },
  { backup, name, plan }: { backup: Backup; name: string; plan: NewRestore['plan'] },
  caller: Pick<Caller, 'app'>,
): Database {
  const { engineVersion } = backup;
  if (!deps.versions.includes(engineVersion)) {
    throw new Problem(
      'unsupported_database_version',
      `the backup is of PostgreSQL ${engineVersion}, which PAASDB_VERSIONS does not list`,
    );
  }
  const wanted = { name, engineVersion, plan: plan ?? scope.database.plan };
  return queueDatabase(deps, scope, wanted, caller).database;
}

/** Throws unless a backup may take the place of what a database holds. */
export function requireReplaceable(database: Database, backup: Backup, confirm: string | undefined): void {
  if (confirm !== database.name) {
    throw invalid('confirm', `has to be ${database.name}, the name of the database that is replaced`);
  }
  requireReady(database, 'restored in place; "as" restores into a new one');
  if (backup.engineVersion > database.engineVersion) {
    throw new Problem(
      'unsupported_database_version',
      `the backup is of PostgreSQL ${backup.engineVersion}, and the database has ${database.engineVersion}: restore it into a new one with "as"`,
    );
  }
}

function invalid(path: keyof NewRestore, detail: string): Problem {
  return new Problem('invalid_request', `${path}: ${detail}`, { errors: [{ in: 'body', path, detail }] });
}
