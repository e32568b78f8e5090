import { join } from 'node:path';
import { folderNamesOf, parseStem, stemOf, type BackupKey, type FileKey } from '../backup-key.js';
import type { StoredFile } from '../manifest.js';

/** Where the files of one backup lie. */
export interface Place {
  /** The folders below the store's own, one in another, and the path of the last. */
  folderNames: string[];
  folder: string;
  dump: string;
  /** What the dump is called instead where it is encrypted. */
  encryptedDump: string;
  manifest: string;
  /**
   * The same two until they are whole: hidden, and with an ending that nothing takes for a dump. In the same
   * folder, for a rename does not cross file systems.
   */
  unfinishedDump: string;
  unfinishedManifest: string;
}

const FINISHED = /^([^.].*)\.(?:dump|dump\.age|json)$/;
const UNFINISHED = /^\.(.+)\.(?:dump|json)\.unfinished$/;

export function placeOf(root: string, key: BackupKey): Place {
  const folderNames = folderNamesOf(key);
  const folder = join(root, ...folderNames);
  const stem = stemOf(key);
  return {
    folderNames,
    folder,
    dump: join(folder, `${stem}.dump`),
    encryptedDump: join(folder, `${stem}.dump.age`),
    manifest: join(folder, `${stem}.json`),
    unfinishedDump: join(folder, `.${stem}.dump.unfinished`),
    unfinishedManifest: join(folder, `.${stem}.json.unfinished`),
  };
}

/** The file that a backup was, or is to be, stored in. */
export function fileOf(
  { dump, encryptedDump }: Place,
  { encryption }: Pick<StoredFile, 'encryption'>,
): string {
  return encryption === null ? dump : encryptedDump;
}

/**
 * Which backups these files belong to, each once: by the final names of their dumps and manifests, or by the
 * unfinished ones. Files that are not ours are passed over.
 */
export function backupsAmong(fileNames: readonly string[], which: 'finished' | 'unfinished'): FileKey[] {
  const pattern = which === 'finished' ? FINISHED : UNFINISHED;
  const stems = new Set(fileNames.map((name) => pattern.exec(name)?.[1] ?? ''));
  return [...stems].map(parseStem).filter((key) => key !== null);
}
