import { isId, isName } from '../domain/names.js';
import type { Timestamp } from '../domain/records.js';

/** What a backup is found by. */
export interface BackupKey {
  org: string;
  app: string;
  databaseName: string;
  databaseId: string;
  backupId: string;
  /** The one of the catalogue. It never changes, so that neither does the path. */
  createdAt: Timestamp;
}

/** What the files of a backup are called by. */
export type FileKey = Pick<BackupKey, 'backupId' | 'createdAt'>;
/** What the folder of its database is called by. */
export type DatabaseKey = Omit<BackupKey, keyof FileKey>;

/** Holds them all. Once made it stays: where it is missing, so is the disk that backups were kept on. */
export const TOP_FOLDER = 'databases';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const STEM = /^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z)-([^-]+)$/;

/**
 * The folders that a database's backups lie in, one in another. Throws at what cannot be a name or an id, so that
 * nothing that comes in from anywhere leads out of the folder.
 */
export function folderNamesOf(key: DatabaseKey): string[] {
  const { org, app, databaseName, databaseId } = key;
  for (const name of [org, app, databaseName]) {
    if (!isName(name))
      throw new TypeError(`${JSON.stringify(name)} is not the name of an org, app or database`);
  }
  if (!isId(databaseId)) throw new TypeError(`${JSON.stringify(databaseId)} is not the id of a database`);
  return [TOP_FOLDER, org, app, `${databaseName}-${databaseId}`];
}

/** What the files of a backup are called, without their ending: text order is time order. */
export function stemOf({ backupId, createdAt }: FileKey): string {
  if (!isId(backupId)) throw new TypeError(`${JSON.stringify(backupId)} is not the id of a backup`);
  if (!TIME.test(createdAt)) throw new TypeError(`${JSON.stringify(createdAt)} is not the time of a backup`);
  // Without colons: not every file system takes them.
  return `${createdAt.replaceAll(':', '-')}-${backupId}`;
}

/** The database of a folder, or `null` when it is none of ours. */
export function parseFolderNames(org: string, app: string, leaf: string): DatabaseKey | null {
  const cut = leaf.lastIndexOf('-');
  const [databaseName, databaseId] = [leaf.slice(0, Math.max(0, cut)), leaf.slice(cut + 1)];
  const isOurs = [org, app, databaseName].every(isName) && isId(databaseId);
  return isOurs ? { org, app, databaseName, databaseId } : null;
}

/** What `stemOf` was given, or `null` when the text is none of its. */
export function parseStem(stem: string): FileKey | null {
  const [, time, backupId] = STEM.exec(stem) ?? [];
  if (time === undefined || backupId === undefined || !isId(backupId)) return null;
  const [date, clock = ''] = time.split('T');
  return { backupId, createdAt: `${date}T${clock.replaceAll('-', ':')}` };
}
