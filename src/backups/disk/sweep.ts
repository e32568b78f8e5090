import { removeLeftovers } from './leftovers.js';
import type { OpenDrafts } from './open-drafts.js';
import { backupsAmong, placeOf } from './place.js';
import { removeEmptyFolders } from './folders.js';
import { problemOf, readFolder, walk, type Problem } from './walk.js';

export interface Swept {
  /** The paths of what was removed. */
  removed: string[];
  problems: Problem[];
}

/** Removes what processes that died left of backups they were writing, and nothing else. */
export async function sweep(root: string, drafts: OpenDrafts): Promise<Swept> {
  const { folders, problems } = await walk(root);
  const removed: string[] = [];
  for (const { database, path } of folders) {
    const names = (await readFolder(path, problems)).map(({ name }) => name);
    for (const file of backupsAmong(names, 'unfinished')) {
      const place = placeOf(root, { ...database, ...file });
      if (drafts.has(place)) continue;
      try {
        removed.push(...removeLeftovers(place));
      } catch (error) {
        problems.push(problemOf(path, error));
      }
      removeEmptyFolders(root, place.folderNames, (folder) => drafts.need(folder));
    }
  }
  return { removed, problems };
}
