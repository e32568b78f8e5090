import type { Operation } from '../domain/operation.js';
import { DATABASE_QUOTA, DEFAULT_DATABASE_PLAN, PLAN_OFFERS, type DatabasePlan } from '../domain/plans.js';
import type { App, Database, Org, Volume } from '../domain/records.js';
import { insertCredential } from '../store/credentials.js';
import {
  countLiveDatabases,
  findDatabase,
  findDatabaseById,
  insertDatabase,
  setDatabaseStatus,
} from '../store/databases.js';
import { enqueueOperation, findUnfinishedOperation } from '../store/operations.js';
import { findVolume, insertVolume, setVolumeState } from '../store/volumes.js';
import type { ApiDeps } from './api-deps.js';
import type { Caller } from './endpoint.js';
import { Problem } from './problem.js';

type Deps = Pick<ApiDeps, 'store' | 'versions' | 'newCredential'>;

export interface WantedDatabase {
  name: string;
  engineVersion?: number | undefined;
  plan?: DatabasePlan | undefined;
  fromVolume?: string | undefined;
}

export interface QueuedDatabase {
  database: Database;
  operation: Operation;
}

/** Inserts a database with its volume, its credential and the operation that provisions it. Call it in a transaction. */
export function queueDatabase(
  deps: Deps,
  { org, app }: { org: Org; app: App },
  wanted: WantedDatabase,
  caller: Pick<Caller, 'app'>,
): QueuedDatabase {
  const { store } = deps;
  const plan = wanted.plan ?? DEFAULT_DATABASE_PLAN;
  if (findDatabase(store, app.id, wanted.name)) {
    throw new Problem(
      'database_exists',
      `app ${app.slug} has a database ${wanted.name}: choose another name`,
    );
  }
  if (org.status !== 'ready') {
    throw new Problem('tenant_not_ready', `org ${org.slug} is suspended: ask the operator of this host`);
  }
  const offer = PLAN_OFFERS[plan];
  if (!offer.available) throw new Problem('plan_not_available', offer.reason);
  const quota = DATABASE_QUOTA[org.plan];
  if (quota !== null && countLiveDatabases(store, { org: org.slug }) >= quota) {
    throw new Problem(
      'quota_exceeded',
      `plan ${org.plan} of org ${org.slug} has room for ${quota}: delete a database, or ask the operator for a larger plan`,
    );
  }
  const id = store.newId();
  const volume =
    wanted.fromVolume === undefined ? null : takeVolume(deps, org, wanted, wanted.fromVolume, caller);
  const engineVersion = volume?.engineVersion ?? wanted.engineVersion ?? newest(deps.versions);
  const volumeId = volume?.id ?? id;
  if (!volume) insertVolume(store, { id, org: org.slug, engineVersion });
  insertDatabase(store, { id, appId: app.id, name: wanted.name, engineVersion, plan, volumeId });
  insertCredential(store, id, deps.newCredential());
  const operation = enqueueOperation(store, {
    databaseId: id,
    kind: 'provision',
  });
  return { database: mustFind(deps, id), operation };
}

/** Queues another try for a database that failed. Returns the operation that is at it, or `null` when none is needed. */
export function queueAnotherTry(deps: Pick<ApiDeps, 'store'>, database: Database): Operation | null {
  const { store } = deps;
  const unfinished = findUnfinishedOperation(store, database.id, ['provision', 'repair', 'restart']);
  if (unfinished) return unfinished;
  if (database.status !== 'failed') return null;
  const kind = database.readyAt === null ? 'provision' : 'repair';
  if (kind === 'provision') setDatabaseStatus(store, database.id, 'pending');
  return enqueueOperation(store, { databaseId: database.id, kind });
}

function takeVolume(
  { store, versions }: Deps,
  org: Org,
  wanted: WantedDatabase,
  id: string,
  caller: Pick<Caller, 'app'>,
): Volume {
  const volume = findVolume(store, id);
  const isForeign = volume?.org !== org.slug || (caller.app !== null && caller.app !== volume.app);
  if (isForeign || volume.state === 'purged') {
    throw new Problem('volume_not_found', `org ${org.slug} has no volume ${id}`);
  }
  if (wanted.engineVersion !== undefined && wanted.engineVersion !== volume.engineVersion) {
    throw new Problem(
      'unsupported_database_version',
      `volume ${id} was written by PostgreSQL ${volume.engineVersion} and can be attached to that version only`,
    );
  }
  if (!versions.includes(volume.engineVersion)) {
    throw new Problem(
      'unsupported_database_version',
      `volume ${id} needs PostgreSQL ${volume.engineVersion}, which PAASDB_VERSIONS does not list`,
    );
  }
  if (!setVolumeState(store, id, 'attached', ['preserved'])) {
    throw new Problem(
      'volume_in_use',
      `volume ${id} is ${volume.state}: only a preserved volume can be attached`,
    );
  }
  return volume;
}

function newest(versions: readonly number[]): number {
  return Math.max(...versions);
}

function mustFind({ store }: Pick<ApiDeps, 'store'>, id: string): Database {
  const database = findDatabaseById(store, id);
  if (!database) throw new Error(`database ${id} was just inserted and is not there`);
  return database;
}
