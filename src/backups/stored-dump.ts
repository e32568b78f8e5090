import type { Backup } from '../domain/backup.js';
import type { Database } from '../domain/records.js';
import type { SizedBytes } from '../runtime/runtime.js';
import type { Manifest } from './manifest.js';
import { openStored, type Stores } from './open-stored.js';
import { StorageError } from './storage-error.js';

/** A backup as a runtime takes it. */
export interface StoredDump extends SizedBytes {
  /** What the dump should hold. */
  manifest: Manifest;
  /** Why it could not be read, if that is so: it says more than what somebody made of half an archive. */
  reasonOf: (error: unknown) => unknown;
}

export async function findStoredDump(
  stores: Stores,
  database: Database,
  backup: Backup,
  signal: AbortSignal,
): Promise<StoredDump> {
  const faults: StorageError[] = [];
  const { manifest } = await openStored(stores, database, backup, signal);
  return {
    manifest,
    sizeBytes: manifest.sizeBytes,
    open: async function* () {
      try {
        yield* (await openStored(stores, database, backup, signal)).chunks;
      } catch (error) {
        if (error instanceof StorageError) faults.push(error);
        throw error;
      }
    },
    reasonOf: (error) => faults[0] ?? error,
  };
}
