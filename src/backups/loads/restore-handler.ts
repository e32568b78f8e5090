import type { Backup } from '../../domain/backup.js';
import type { OperationHandler, Work } from '../../domain/operation-handler.js';
import type { Database } from '../../domain/records.js';
import type { DatabaseContents } from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';
import { auditOperation } from '../../store/audit-operation.js';
import { findBackupById } from '../../store/backups.js';
import { findDatabaseById } from '../../store/databases.js';
import { getLoad } from '../../store/loads.js';
import type { Store } from '../../store/store.js';
import { checkRestored } from './check-restored.js';
import { loadDatabase, type LoadDeps } from './load-database.js';
import type { Manifest } from '../manifest.js';
import type { Stores } from '../open-stored.js';
import { findStoredDump } from '../stored-dump.js';

export interface RestoreHandlerDeps extends LoadDeps {
  stores: Stores;
  /** Says that former data may be to be removed. */
  tidy: () => void;
}

/** Puts what a backup holds in place of a database's data, or into a new database. */
export function restoreHandler(deps: RestoreHandlerDeps): OperationHandler {
  const { store, stores } = deps;
  return {
    run: async (work) => {
      requireMade(work.database);
      const { backup, origin } = backupOf(store, work);
      const load = getLoad(store, work.operation.id);
      let manifest: Manifest | null = null;
      const find = async () => {
        const { open, sizeBytes, ...found } = await findStoredDump(stores, origin, backup, work.signal);
        manifest = found.manifest;
        return { kind: 'dump', open, sizeBytes } as const;
      };
      const check = (contents: DatabaseContents) => {
        if (manifest === null) throw new Error('a backup was restored that was not found');
        checkRestored(manifest.contents, contents);
      };
      try {
        await loadDatabase(deps, work, { load, find, check });
      } catch (error) {
        throw withAdvice(error, work.database);
      } finally {
        // After the operation is settled.
        setImmediate(deps.tidy);
      }
    },
    succeeded: (settled) => auditOperation(store, settled, 'succeeded', detailOf(settled)),
    failed: (settled, errorMessage) =>
      auditOperation(store, settled, 'failed', { ...detailOf(settled), errorMessage }),
  };
}

/** The restore into a new database stands behind its provision, which may have been given up. */
function requireMade({ name, readyAt, errorMessage }: Database): void {
  if (readyAt !== null) return;
  const why = errorMessage === null ? '' : `: ${errorMessage}`;
  throw new RuntimeError(
    'load_failed',
    `The database ${name} could not be made, so nothing was restored into it${why}. Delete it, and restore the backup again`,
  );
}

function backupOf(store: Store, { operation }: Work): { backup: Backup; origin: Database } {
  const { id, backupId } = operation;
  if (backupId === null) throw new Error(`operation ${id} names no backup`);
  const backup = findBackupById(store, backupId);
  const origin = backup && findDatabaseById(store, backup.databaseId);
  if (!origin) throw new Error(`operation ${id} names a backup that there is not`);
  return { backup, origin };
}

function detailOf({ operation }: Pick<Work, 'operation'>) {
  return { backupId: operation.backupId };
}

function withAdvice(error: unknown, { name }: Database): unknown {
  if (!(error instanceof RuntimeError) || error.code !== 'not_empty') return error;
  const advice = `Somebody wrote to ${name} before the restore: delete it, or restore the backup under another name`;
  return new RuntimeError('not_empty', `${error.message}. ${advice}`, { cause: error });
}
