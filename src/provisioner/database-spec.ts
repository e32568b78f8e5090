import { PLAN_OFFERS, POOL } from '../domain/plans.js';
import type { Database } from '../domain/records.js';
import type { DatabaseSpec, RemovableDatabase } from '../runtime/runtime.js';
import { getCredential } from '../store/credentials.js';
import type { Store } from '../store/store.js';
import { findVolume } from '../store/volumes.js';

/** What the rows say a database shall be. */
export function databaseSpec(store: Store, database: Database): DatabaseSpec {
  return {
    ...removableDatabase(store, database),
    org: database.org,
    app: database.app,
    name: database.name,
    resources: PLAN_OFFERS[database.plan].resources,
    pool: POOL,
    login: getCredential(store, database.id),
  };
}

/** What a removal needs: no credential, so that a database is removed even if its own cannot be opened. */
export function removableDatabase(
  store: Store,
  { id, engineVersion, volumeId }: Database,
): RemovableDatabase {
  const volume = findVolume(store, volumeId);
  if (!volume) throw new Error(`database ${id} has no volume row`);
  return { id, engineVersion, volumeId, holdsData: volume.holdsData };
}
