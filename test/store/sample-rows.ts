import { randomUUID } from 'node:crypto';
import type { App, Database } from '../../src/domain/records.js';
import type { DatabasePlan, OrgPlan } from '../../src/domain/plans.js';
import { findApp, insertApp } from '../../src/store/apps.js';
import { insertCredential } from '../../src/store/credentials.js';
import { findDatabaseById, insertDatabase, setDatabaseStatus } from '../../src/store/databases.js';
import { findOrg, insertOrg } from '../../src/store/orgs.js';
import type { Store } from '../../src/store/store.js';
import { insertVolume, markVolumeHoldsData } from '../../src/store/volumes.js';

export const SAMPLE_CREDENTIAL = {
  role: 'app',
  password: 'correct-horse-battery-staple',
  verifier: 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy',
};

/** The app, made together with its org when they are not there yet. */
export function sampleApp(
  store: Store,
  { org = 'acme', slug = 'web', plan = 'enterprise' }: { org?: string; slug?: string; plan?: OrgPlan } = {},
): App {
  if (!findOrg(store, org)) insertOrg(store, { slug: org, plan });
  if (!findApp(store, org, slug)) insertApp(store, { id: randomUUID(), org, slug });
  return defined(findApp(store, org, slug));
}

/** A pending database with its volume and credential, as the API inserts it, but without an operation. */
export function sampleDatabase(
  store: Store,
  {
    app = sampleApp(store),
    name = 'main',
    engineVersion = 17,
    plan = 'standard',
  }: { app?: App; name?: string; engineVersion?: number; plan?: DatabasePlan } = {},
): Database {
  const id = store.newId();
  insertVolume(store, { id, org: app.org, engineVersion });
  insertDatabase(store, { id, appId: app.id, name, engineVersion, plan, volumeId: id });
  insertCredential(store, id, SAMPLE_CREDENTIAL);
  return defined(findDatabaseById(store, id));
}

/** The same, after it was provisioned. */
export function readyDatabase(store: Store, options?: Parameters<typeof sampleDatabase>[1]): Database {
  const { id, volumeId } = sampleDatabase(store, options);
  setDatabaseStatus(store, id, 'provisioning');
  setDatabaseStatus(store, id, 'ready');
  markVolumeHoldsData(store, volumeId);
  return defined(findDatabaseById(store, id));
}

/** What a test has just made and knows to be there. */
export function defined<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('expected a value');
  return value;
}
