import { resolve } from 'node:path';
import { TOP_FOLDER, type BackupKey } from '../backup-key.js';
import { DiskDraft } from './disk-draft.js';
import { checkPieces } from '../pieces/check-pieces.js';
import { changedSince, NOT_ENCRYPTED, unseal, type Encryption } from '../encryption.js';
import { createFile, removeFile, whatIs } from './files.js';
import { makeFolders, removeEmptyFolders, requireFolders, syncFolder } from './folders.js';
import { removeLeftovers } from './leftovers.js';
import { listBackups, type BackupListing } from './list-backups.js';
import type { Manifest } from '../manifest.js';
import { OpenDrafts } from './open-drafts.js';
import { fileOf, placeOf, type Place } from './place.js';
import { checkFile, readChecked } from './read-checked.js';
import { readManifest } from './read-manifest.js';
import { StorageError } from '../storage-error.js';
import { sweep, type Swept } from './sweep.js';

/** A stored backup, from its first byte. */
export interface Opened {
  manifest: Manifest;
  chunks: AsyncIterable<Buffer>;
}

/**
 * Backups as files: `databases/<org>/<app>/<name>-<id>/<time>-<id>.dump` below one folder, or `.dump.age` where it is
 * encrypted, each with a manifest `.json` beside it. The folder itself has to be there. One store per folder and process: it knows which drafts
 * are its own, and takes those of others for left behind.
 */
export class DiskStore {
  private readonly root: string;
  private readonly drafts = new OpenDrafts();

  constructor(
    folder: string,
    private readonly encryption: Encryption = NOT_ENCRYPTED,
    /** Whether nothing was ever kept: otherwise what is missing here is a disk. */
    private readonly isNew: () => boolean = () => true,
  ) {
    this.root = resolve(folder);
  }

  /** Begins a backup. Whoever calls this has to commit or discard the draft. */
  async begin(key: BackupKey): Promise<DiskDraft> {
    const place = placeOf(this.root, key);
    // First of all, so that neither a sweep nor an empty folder's removal comes in between.
    if (!this.drafts.add(place))
      throw new StorageError('in_the_way', `${place.dump} is being written already`);
    const end = () => this.end(place);
    try {
      if (!this.isNew()) await requireFolders(this.root, [TOP_FOLDER]);
      await makeFolders(this.root, place.folderNames);
      removeLeftovers(place);
      for (const path of [place.dump, place.encryptedDump, place.manifest]) {
        if (whatIs(path) === 'nothing') continue;
        throw new StorageError('in_the_way', `${path} is there already: a backup is never written over`);
      }
      return new DiskDraft(key, place, await createFile(place.unfinishedDump), this.encryption, end);
    } catch (error) {
      end();
      throw error;
    }
  }

  /**
   * A dump to read. Its chunks end with a StorageError when they are not what its manifest says; the last of
   * them comes only when they are.
   */
  async open(key: BackupKey): Promise<Opened> {
    const { manifest, chunks, path } = await this.openFile(key);
    return { manifest, chunks: unseal(chunks, manifest, this.encryption, path) };
  }

  /** The file that a dump is in, as it is, checked in the same way. */
  async openFile(key: BackupKey): Promise<Opened & { path: string }> {
    const place = await this.find(key);
    const manifest = await readManifest(place, key);
    const path = fileOf(place, manifest.file);
    return { manifest, path, chunks: readChecked(path, manifest.file) };
  }

  /** Reads a dump to its end. Throws unless it is what was written. */
  async verify(key: BackupKey, sha256: string, sizeBytes: number): Promise<void> {
    const place = await this.find(key);
    const { file } = await readManifest(place, key);
    if (file.encryption === null) return checkFile(place.dump, { sha256, sizeBytes });
    const { chunks } = await this.open(key);
    const changed = (difference: string) => changedSince(place.encryptedDump, difference);
    const checked = checkPieces(chunks, { sha256, sizeBytes }, changed);
    while (!(await checked.next()).done);
  }

  /** Has the disk keep what a writer left who died, perhaps before he could wait for that. */
  async keep(key: BackupKey): Promise<void> {
    await syncFolder((await this.find(key)).folder);
  }

  /**
   * Removes the two files of a backup. Those that are gone already are fine, but where there is no folder of ours
   * at all nothing is known: a disk that is not mounted still holds them.
   */
  async remove(key: BackupKey): Promise<void> {
    const place = placeOf(this.root, key);
    if (this.drafts.has(place)) throw new StorageError('in_the_way', `${place.dump} is being written`);
    await requireFolders(this.root, [TOP_FOLDER]);
    try {
      await requireFolders(this.root, place.folderNames);
      // The dump first: it is never without its manifest.
      removeFile(place.dump);
      removeFile(place.encryptedDump);
      removeFile(place.manifest);
      await syncFolder(place.folder);
    } catch (error) {
      // The folder goes with the last backup in it, whoever removes that.
      if (!(error instanceof StorageError && error.code === 'missing')) throw error;
    }
    this.removeEmptyFolders(place);
  }

  /** What is there, told by the folder alone. Throws only when the folder cannot be read. */
  list(): Promise<BackupListing> {
    return listBackups(this.root, this.drafts);
  }

  /** Removes what processes that died left behind. Throws only when the folder cannot be read. */
  sweep(): Promise<Swept> {
    return sweep(this.root, this.drafts);
  }

  private async find(key: BackupKey): Promise<Place> {
    const place = placeOf(this.root, key);
    await requireFolders(this.root, place.folderNames);
    return place;
  }

  private end(place: Place): void {
    this.drafts.delete(place);
    this.removeEmptyFolders(place);
  }

  private removeEmptyFolders({ folderNames }: Place): void {
    removeEmptyFolders(this.root, folderNames, (folder) => this.drafts.need(folder));
  }
}
