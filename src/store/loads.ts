import type { Sealer } from '../domain/sealer.js';
import type { Store } from './store.js';

/** What an operation puts in place of a database's data. */
export interface Load {
  operationId: string;
  databaseId: string;
  /** Whether what the database holds may be replaced. */
  replaces: boolean;
  /** The URL of a server elsewhere, where it comes from one. */
  sourceUrl: string | null;
  /** The name of the PostgreSQL database that has the former data, or may have it; `null` as long as none has. */
  previousName: string | null;
}

export interface NewLoad extends Omit<Load, 'previousName'> {
  /** How long former data is kept from now on, in ms, when nothing more is known of it. */
  previousKeptForMs: number;
}

export function insertLoad(store: Store, load: NewLoad): void {
  const { operationId, databaseId, replaces, sourceUrl, previousKeptForMs } = load;
  store.run(
    `INSERT INTO loads (operation_id, database_id, replaces, source_sealed, created_at, previous_expires_at)
     VALUES (?, ?, ?, ?, ?, ?)`,
    operationId,
    databaseId,
    replaces ? 1 : 0,
    sourceUrl === null ? null : seal(store.sealer, operationId, sourceUrl),
    store.now(),
    store.now(previousKeptForMs),
  );
}

interface Row {
  operationId: string;
  databaseId: string;
  replaces: 0 | 1;
  sourceSealed: string | null;
  previousName: string | null;
}

export function getLoad(store: Store, operationId: string): Load {
  const row = store.get<Row>(
    `SELECT operation_id AS operationId, database_id AS databaseId, replaces, source_sealed AS sourceSealed,
       previous_name AS previousName
     FROM loads WHERE operation_id = ?`,
    operationId,
  );
  if (!row) throw new Error(`operation ${operationId} has no load`);
  const { databaseId, replaces, sourceSealed, previousName } = row;
  const sourceUrl = sourceSealed === null ? null : store.sealer.open(sourceSealed, placeOf(operationId));
  return { operationId, databaseId, replaces: replaces === 1, sourceUrl, previousName };
}

/**
 * The former data of a database has this name from now on, and may go after `keptForMs`. Returns until when it stays. A
 * clock that is behind, as of a host without one of its own that has just started, does not make that earlier; one that
 * was ahead makes it later.
 */
export function recordPrevious(
  store: Store,
  operationId: string,
  { name, keptForMs }: { name: string; keptForMs: number },
): string {
  const known = store.get<{ at: string | null }>('SELECT max(finished_at) AS at FROM operations')?.at ?? '';
  const fromMs = Date.parse(known > store.now() ? known : store.now());
  const keptUntil = new Date(fromMs + keptForMs).toISOString();
  store.run(
    'UPDATE loads SET previous_name = ?, previous_expires_at = ? WHERE operation_id = ?',
    name,
    keptUntil,
    operationId,
  );
  return keptUntil;
}

/** There is no former data after all. */
export function forgetPrevious(store: Store, operationId: string): void {
  store.run(
    'UPDATE loads SET previous_name = NULL WHERE operation_id = ? AND previous_name IS NOT NULL',
    operationId,
  );
}

/** Former data that may go, and the database that it lies beside. */
export interface ExpiredPrevious {
  operationId: string;
  databaseId: string;
}

/**
 * The former data that was kept long enough. It lies in a volume, which another database may have by now; where none
 * that is ready has it, or one that is being worked on, it stays.
 */
export function listExpiredPrevious(store: Store): ExpiredPrevious[] {
  return store.all<ExpiredPrevious>(
    `SELECT l.operation_id AS operationId, holder.id AS databaseId
     FROM loads l
     JOIN operations o ON o.id = l.operation_id
     JOIN databases loaded ON loaded.id = l.database_id
     JOIN databases holder ON holder.volume_id = loaded.volume_id AND holder.status = 'ready'
     WHERE l.previous_removed_at IS NULL AND l.previous_expires_at <= ?
       AND o.status IN ('succeeded', 'failed', 'cancelled')
       AND NOT EXISTS (SELECT 1 FROM operations w WHERE w.database_id = holder.id AND w.status = 'running'
                       AND w.kind IN ('provision', 'repair', 'restart', 'restore', 'import', 'remove'))
     ORDER BY l.previous_expires_at`,
    store.now(),
  );
}

export function markPreviousRemoved(store: Store, operationId: string): void {
  store.run('UPDATE loads SET previous_removed_at = ? WHERE operation_id = ?', store.now(), operationId);
}

/** The ids of the keys that sealed the URLs of sources. */
export function listSourceKeyIds(store: Store): string[] {
  return [...new Set(listSealed(store).map(({ sourceSealed }) => store.sealer.keyIdOf(sourceSealed)))];
}

/** Seals with the active key whatever URL an older one sealed. Returns how many that were. */
export function resealSources(store: Store): number {
  return store.transaction(() => {
    const { sealer } = store;
    const stale = listSealed(store).filter(
      ({ sourceSealed }) => sealer.keyIdOf(sourceSealed) !== sealer.activeKeyId,
    );
    for (const { operationId, sourceSealed } of stale) {
      store.run(
        'UPDATE loads SET source_sealed = ? WHERE operation_id = ?',
        seal(sealer, operationId, sealer.open(sourceSealed, placeOf(operationId))),
        operationId,
      );
    }
    return stale.length;
  });
}

function listSealed(store: Store): { operationId: string; sourceSealed: string }[] {
  return store.all(
    `SELECT operation_id AS operationId, source_sealed AS sourceSealed FROM loads WHERE source_sealed IS NOT NULL`,
  );
}

function seal(sealer: Sealer, operationId: string, url: string): string {
  return sealer.seal(url, placeOf(operationId));
}

function placeOf(operationId: string) {
  return { table: 'loads', row: operationId, column: 'source_sealed' };
}
