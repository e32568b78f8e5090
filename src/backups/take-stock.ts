import { findBackupById, listStoredBackupIds } from '../store/backups.js';
import type { Store } from '../store/store.js';
import type { DiskStore } from './disk/disk-store.js';
import type { Problem } from './disk/walk.js';

/** What the folder of backups and the control database do not agree on. */
export interface Stock {
  /** The ids of backups that are kept, and of which there is no file. */
  missing: string[];
  /** The ids of backups that are there, and that the control database knows nothing of. They are left alone. */
  unknown: string[];
  problems: Problem[];
}

/** Compares what lies in the folder with what should. No dump is read. Throws only when the folder cannot be read. */
export async function takeStock(store: Store, disk: DiskStore): Promise<Stock> {
  const expected = listStoredBackupIds(store);
  const { backups, problems } = await disk.list();
  const found = new Set(backups.map(({ key }) => key.backupId));
  const kept = new Set(listStoredBackupIds(store));
  return {
    // What was removed while the folder was read is not missed.
    missing: expected.filter((id) => !found.has(id) && kept.has(id)),
    unknown: [...found].filter((id) => findBackupById(store, id) === undefined),
    problems,
  };
}
