import { sourcesOf, type DatabaseStatus } from '../domain/database-status.js';
import type { Database } from '../domain/records.js';
import { LAST_BACKUP_AT, LAST_VERIFIED_AT } from './last-backup.js';
import { HOLDS_UP_REPAIR } from './operations.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

const SELECT = `SELECT d.id, a.org, a.slug AS app, d.name, d.engine_version AS engineVersion, d.plan, d.status,
  d.error_message AS errorMessage, d.volume_id AS volumeId, d.created_at AS createdAt, d.ready_at AS readyAt,
  d.deleted_at AS deletedAt,
  CASE WHEN d.status NOT IN ('deleting', 'deleted') THEN d.next_backup_at END AS nextBackupAt,
  ${LAST_BACKUP_AT} AS lastBackupAt, ${LAST_VERIFIED_AT} AS lastVerifiedBackupAt
  FROM databases d JOIN apps a ON a.id = d.app_id`;

export interface NewDatabase {
  id: string;
  appId: string;
  name: string;
  engineVersion: number;
  plan: Database['plan'];
  volumeId: string;
}

/** Throws a unique violation when the app has a live database of this name. */
export function insertDatabase(store: Store, database: NewDatabase): void {
  store.run(
    `INSERT INTO databases (id, app_id, name, engine_version, plan, status, volume_id, created_at)
     VALUES (?, ?, ?, ?, ?, 'pending', ?, ?)`,
    database.id,
    database.appId,
    database.name,
    database.engineVersion,
    database.plan,
    database.volumeId,
    store.now(),
  );
}

/** A database of this app by its id, deleted or not, or by the name of a live one. */
export function findDatabase(store: Store, appId: string, idOrName: string): Database | undefined {
  return store.get<Database>(
    `${SELECT} WHERE d.app_id = @appId AND (d.id = @idOrName OR (d.name = @idOrName AND d.status <> 'deleted'))`,
    { appId, idOrName },
  );
}

/** For the daemon's own work, which is not on behalf of an org. */
export function findDatabaseById(store: Store, id: string): Database | undefined {
  return store.get<Database>(`${SELECT} WHERE d.id = ?`, id);
}

export function listDatabases(store: Store, appId: string, page: PageRequest): Page<Database> {
  return readPage<Database>(
    store,
    {
      select: `${SELECT} WHERE d.app_id = ? AND d.status <> 'deleted'`,
      values: [appId],
      orderBy: ['d.created_at', 'd.id'],
      direction: 'ASC',
      keyOf: (database) => [database.createdAt, database.id],
    },
    page,
  );
}

/** The databases of an app that a deploy may use: they were ready once and nobody deletes them. */
export function listUsableDatabases(store: Store, appId: string): Database[] {
  return store.all<Database>(
    `${SELECT} WHERE d.app_id = ? AND d.ready_at IS NOT NULL AND d.status IN ('ready', 'failed') ORDER BY d.name`,
    appId,
  );
}

export function countLiveDatabases(store: Store, scope: { org: string } | { appId: string }): number {
  const [where, value] = 'org' in scope ? ['a.org = ?', scope.org] : ['a.id = ?', scope.appId];
  return (
    store.get<{ count: number }>(
      `SELECT count(*) AS count FROM databases d JOIN apps a ON a.id = d.app_id WHERE ${where} AND d.status <> 'deleted'`,
      value,
    )?.count ?? 0
  );
}

/**
 * The databases that should be running and have no work queued: what resync compares with the runtime. One
 * whose last repair failed since `failedBefore` is left out, so that what cannot be mended is not tried all
 * the time.
 */
export function listDatabasesToWatch(store: Store, failedBefore: string): Database[] {
  return store.all<Database>(
    `${SELECT}
     WHERE d.ready_at IS NOT NULL AND d.status IN ('ready', 'failed')
       AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.database_id = d.id AND ${HOLDS_UP_REPAIR})
       AND NOT EXISTS (SELECT 1 FROM operations o WHERE o.database_id = d.id AND o.status = 'failed'
                       AND o.kind IN ('provision', 'repair', 'restart') AND o.finished_at > ?)
     ORDER BY d.created_at, d.id`,
    failedBefore,
  );
}

/** Moves a database to a status that its present one allows. Throws when it does not. */
export function setDatabaseStatus(
  store: Store,
  id: string,
  status: DatabaseStatus,
  errorMessage: string | null = null,
): void {
  const sources = sourcesOf(status)
    .map((source) => `'${source}'`)
    .join(', ');
  const changed = store.run(
    `UPDATE databases SET status = @status, error_message = @errorMessage,
       ready_at = CASE WHEN @status = 'ready' THEN coalesce(ready_at, @now) ELSE ready_at END,
       deleted_at = CASE WHEN @status = 'deleted' THEN @now ELSE deleted_at END
     WHERE id = @id AND status IN (${sources})`,
    { id, status, errorMessage, now: store.now() },
  );
  if (changed !== 1) throw new Error(`database ${id} cannot become ${status} from its present status`);
}
