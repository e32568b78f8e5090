import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isName } from '../../domain/names.js';
import { parseFolderNames, TOP_FOLDER, type DatabaseKey } from '../backup-key.js';
import { whatIs } from './files.js';
import { requireFolders } from './folders.js';
import { onDisk } from '../storage-error.js';

/** Something below the folder that cannot be used. The message names it too. */
export interface Problem {
  path: string;
  message: string;
}

export interface DatabaseFolder {
  database: DatabaseKey;
  path: string;
}

/**
 * Every folder that the backups of a database lie in. What is not called as ours are is passed over; what is, and
 * cannot be read, is a problem of its own and hides nothing else. Throws when the root cannot be read.
 */
export async function walk(root: string): Promise<{ folders: DatabaseFolder[]; problems: Problem[] }> {
  const folders: DatabaseFolder[] = [];
  const problems: Problem[] = [];
  const top = join(root, TOP_FOLDER);
  await onDisk(root, () => stat(root));
  if (whatIs(top) === 'nothing') return { folders, problems };
  await requireFolders(root, [TOP_FOLDER]);
  for (const org of await foldersIn(top, problems, isName)) {
    for (const app of await foldersIn(join(top, org), problems, isName)) {
      const path = join(top, org, app);
      const isOurs = (name: string) => parseFolderNames(org, app, name) !== null;
      for (const leaf of await foldersIn(path, problems, isOurs)) {
        const database = parseFolderNames(org, app, leaf);
        if (database) folders.push({ database, path: join(path, leaf) });
      }
    }
  }
  return { folders, problems };
}

async function foldersIn(
  path: string,
  problems: Problem[],
  isOurs: (name: string) => boolean,
): Promise<string[]> {
  const entries = await readFolder(path, problems);
  const ours = entries.filter(({ name }) => isOurs(name));
  for (const { name } of ours.filter((entry) => entry.isSymbolicLink())) {
    const link = join(path, name);
    problems.push({
      path: link,
      message: `${link} is a link, which is not followed: mount a disk on a folder instead`,
    });
  }
  return ours.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** What is in a folder, in order; nothing, and a problem, when it cannot be read. */
export async function readFolder(path: string, problems: Problem[]): Promise<Dirent[]> {
  try {
    const entries = await onDisk(path, () => readdir(path, { withFileTypes: true }));
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    problems.push(problemOf(path, error));
    return [];
  }
}

export function problemOf(path: string, error: unknown): Problem {
  return { path, message: error instanceof Error ? error.message : String(error) };
}
