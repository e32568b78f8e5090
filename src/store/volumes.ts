import type { Volume } from '../domain/records.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

/** A volume, with the database that used it last. */
const SELECT = `SELECT v.id, v.org, a.slug AS app, d.name AS databaseName, d.id AS databaseId,
  v.engine_version AS engineVersion, v.state, v.holds_data AS holdsData, v.created_at AS createdAt,
  v.preserved_at AS preservedAt
  FROM volumes v
  JOIN databases d ON d.rowid = (SELECT max(rowid) FROM databases WHERE volume_id = v.id)
  JOIN apps a ON a.id = d.app_id`;

type Row = Omit<Volume, 'holdsData'> & { holdsData: 0 | 1 };

export function insertVolume(store: Store, volume: Pick<Volume, 'id' | 'org' | 'engineVersion'>): void {
  store.run(
    `INSERT INTO volumes (id, org, engine_version, state, created_at) VALUES (?, ?, ?, 'attached', ?)`,
    volume.id,
    volume.org,
    volume.engineVersion,
    store.now(),
  );
}

export function findVolume(store: Store, id: string): Volume | undefined {
  const row = store.get<Row>(`${SELECT} WHERE v.id = ?`, id);
  return row && toVolume(row);
}

/** The volumes whose database was deleted and which are not purged yet. */
export function listPreservedVolumes(store: Store, page: PageRequest): Page<Volume> {
  const { data, nextCursor } = readPage<Row>(
    store,
    {
      select: `${SELECT} WHERE v.state IN ('preserved', 'purging')`,
      values: [],
      orderBy: ['v.created_at', 'v.id'],
      direction: 'ASC',
      keyOf: (volume) => [volume.createdAt, volume.id],
    },
    page,
  );
  return { data: data.map(toVolume), nextCursor };
}

/** Records that the volume holds a database that was ready: from now on it is never rebuilt. */
export function markVolumeHoldsData(store: Store, id: string): void {
  store.run('UPDATE volumes SET holds_data = 1 WHERE id = ?', id);
}

/**
 * Moves a volume on. Returns whether it was in one of the states it may come from: an attach and a purge
 * that race cannot both win.
 */
export function setVolumeState(
  store: Store,
  id: string,
  state: Volume['state'],
  from: readonly Volume['state'][],
): boolean {
  const sources = from.map((source) => `'${source}'`).join(', ');
  const changed = store.run(
    `UPDATE volumes SET state = @state,
       preserved_at = CASE WHEN @state = 'preserved' THEN @now ELSE preserved_at END
     WHERE id = @id AND state IN (${sources})`,
    { id, state, now: store.now() },
  );
  return changed === 1;
}

function toVolume(row: Row): Volume {
  return { ...row, holdsData: row.holdsData === 1 };
}
