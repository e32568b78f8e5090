import { readdir, rename, stat, type FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isId } from '../../domain/names.js';
import { createFile, openFile, removeFile, whatIs } from '../disk/files.js';
import { makeFolders, syncFolder } from '../disk/folders.js';
import { onDisk } from '../storage-error.js';
import { measure, type Written } from '../pieces/measure.js';
import { readPieces, writePieces } from '../disk/pieces-of-file.js';

const FOLDER = 'incoming';

/**
 * What was uploaded and waits for its import: `incoming/<operation id>` below the folder of backups. A file without an
 * unfinished operation of its name is nobody's, whatever left it there. One per folder and process: it knows which are
 * being received.
 */
export class Incoming {
  private readonly root: string;
  private readonly folder: string;
  private readonly receiving = new Set<string>();

  constructor(
    root: string,
    /** Whether an operation of this id still needs its file. */
    private readonly isWanted: (id: string) => boolean,
  ) {
    this.root = resolve(root);
    this.folder = join(this.root, FOLDER);
  }

  /**
   * Keeps what comes, as fast as the disk takes it. Once this resolves, the file is safe, and stays until `release`.
   * What fails on the way, the chunks too, leaves nothing.
   */
  async receive(id: string, chunks: AsyncIterable<Buffer>): Promise<Written> {
    this.receiving.add(id);
    try {
      const path = this.pathOf(id);
      const unfinished = unfinishedOf(path);
      await makeFolders(this.root, [FOLDER]);
      const file = await createFile(unfinished);
      const written = await this.write(file, unfinished, chunks);
      await onDisk(unfinished, () => rename(unfinished, path));
      await syncFolder(this.folder);
      return written;
    } catch (error) {
      this.release(id);
      throw error;
    }
  }

  /** Whoever received it is done: the file stays if its operation wants it. */
  release(id: string): void {
    this.receiving.delete(id);
    const path = this.pathOf(id);
    try {
      removeFile(unfinishedOf(path));
      if (!this.isWanted(id)) removeFile(path);
    } catch {
      // What cannot be removed now is swept later.
    }
  }

  /** Of a file, in bytes. */
  async sizeOf(id: string): Promise<number> {
    const path = this.pathOf(id);
    return (await onDisk(path, () => stat(path))).size;
  }

  /** A file from its beginning. */
  async *read(id: string): AsyncGenerator<Buffer, void, void> {
    const path = this.pathOf(id);
    const file = await openFile(path);
    try {
      yield* readPieces(file, path);
    } finally {
      await onDisk(path, () => file.close());
    }
  }

  /** Removes every file that nobody needs: of imports that are over, and of requests that came to nothing. */
  async sweep(): Promise<string[]> {
    if (whatIs(this.folder) === 'nothing') return [];
    const names = await onDisk(this.folder, () => readdir(this.folder));
    const removed: string[] = [];
    for (const name of names) {
      const id = idOf(name);
      if (id === null || this.receiving.has(id)) continue;
      const path = join(this.folder, name);
      if (path === this.pathOf(id) && this.isWanted(id)) continue;
      if (removeFile(path)) removed.push(path);
    }
    return removed;
  }

  private async write(file: FileHandle, path: string, chunks: AsyncIterable<Buffer>): Promise<Written> {
    const { pieces, written } = measure(chunks);
    try {
      await writePieces(file, path, pieces);
    } finally {
      await onDisk(path, () => file.close());
    }
    return written();
  }

  private pathOf(id: string): string {
    if (!isId(id)) throw new TypeError(`${JSON.stringify(id)} is not the id of an operation`);
    return join(this.folder, id);
  }
}

/** Hidden until it is whole. */
function unfinishedOf(path: string): string {
  return path.replace(/([^/]+)$/, '.$1.unfinished');
}

function idOf(name: string): string | null {
  const id = /^\.(.+)\.unfinished$/.exec(name)?.[1] ?? name;
  return isId(id) ? id : null;
}
