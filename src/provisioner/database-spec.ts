import { PLAN_OFFERS, POOL } from '../domain/plans.js';
import type { Database } from '../domain/records.js';
import type { DatabaseSpec } from '../runtime/runtime.js';
import { getCredential } from '../store/credentials.js';
import type { Store } from '../store/store.js';
import { findVolume } from '../store/volumes.js';

/** What the rows say a database shall be. */
export function databaseSpec(store: Store, database: Database): DatabaseSpec {
  const volume = findVolume(store, database.volumeId);
  if (!volume) throw new Error(`database ${database.id} has no volume row`);
  return {
    id: database.id,
    org: database.org,
    app: database.app,
    name: database.name,
    engineVersion: database.engineVersion,
    volumeId: volume.id,
    holdsData: volume.holdsData,
    resources: PLAN_OFFERS[database.plan].resources,
    pool: POOL,
    login: getCredential(store, database.id),
  };
}
