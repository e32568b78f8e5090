import { rename, type FileHandle } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { BackupKey } from '../backup-key.js';
import type { Encryption } from '../encryption.js';
import { removeFile, whatIs, writeNewFile } from './files.js';
import { syncFolder } from './folders.js';
import { formatManifest, type Manifest } from '../manifest.js';
import { fileOf, type Place } from './place.js';
import { checkFile } from './read-checked.js';
import { differenceTo } from './read-manifest.js';
import { onDisk, StorageError } from '../storage-error.js';
import { writeDump, type WrittenDump } from './write-dump.js';

/**
 * A backup that is being written. Until `commit` is through, nothing of it counts; what fails takes away all that
 * was written.
 */
export class DiskDraft implements AsyncDisposable {
  private writing = false;
  private written: WrittenDump | null = null;
  private committing: Promise<void> | null = null;
  /** Whatever of it may be on the disk, in the order it was made. */
  private readonly made: string[];
  private ended = false;

  constructor(
    private readonly key: BackupKey,
    private readonly place: Place,
    /** The unfinished dump, empty. */
    private readonly file: FileHandle,
    private readonly encryption: Encryption,
    private readonly onEnd: () => void,
  ) {
    this.made = [place.unfinishedDump];
  }

  /** Writes the dump, once. */
  async write(chunks: AsyncIterable<Buffer>): Promise<WrittenDump> {
    if (this.ended || this.writing) throw new Error('a draft is written once');
    this.writing = true;
    return this.orClear(async () => {
      const written = await writeDump(this.file, this.place.unfinishedDump, chunks, this.encryption);
      await onDisk(this.place.unfinishedDump, () => this.file.close());
      return (this.written = written);
    });
  }

  /**
   * Makes a backup of what was written. The dump's final name is the one thing that says there is a backup, so it
   * comes last: at every instant a dump has its whole manifest beside it. The other way round, a crash would leave
   * a dump of which nobody knows what it should hold. What a crash does leave, a manifest whose dump still has its
   * unfinished name, promises nothing and is swept.
   */
  async commit(manifest: Manifest): Promise<void> {
    const { written } = this;
    if (this.ended || this.committing || !written) {
      throw new Error('a draft is committed once, after it was written');
    }
    this.committing = this.orClear(() => this.finish(manifest, written));
    return this.committing;
  }

  /**
   * Leaves nothing of it. Does nothing once it is committed or discarded, and waits for a commit that runs. A
   * write that runs fails at its next piece.
   */
  async discard(): Promise<void> {
    await this.committing?.catch(() => undefined);
    await this.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  private async finish(manifest: Manifest, written: WrittenDump): Promise<void> {
    const { place } = this;
    const text = formatManifest(manifest);
    this.checkDescribed(manifest, written);
    // Much of this comes out of the page cache: it finds what went wrong on the way to it, and what the disk
    // refused to take, not a disk that forgets. Reading around the cache needs aligned memory, which Node.js does
    // not give. What the disk forgets later is found when the backup is verified.
    await checkFile(place.unfinishedDump, written.file);
    this.made.push(place.unfinishedManifest);
    await writeNewFile(place.unfinishedManifest, text);
    await this.give(place.unfinishedManifest, place.manifest);
    await this.give(place.unfinishedDump, fileOf(place, written.file));
    this.end();
  }

  /** Gives a file its final name, and has the disk keep it before anything else happens. */
  private async give(unfinished: string, final: string): Promise<void> {
    if (whatIs(final) !== 'nothing') {
      throw new StorageError(
        'in_the_way',
        `${final} came to be while it was written: look at it, and move it away`,
      );
    }
    this.made.push(final);
    await onDisk(unfinished, () => rename(unfinished, final));
    await syncFolder(this.place.folder);
  }

  private checkDescribed(manifest: Manifest, written: WrittenDump): void {
    const difference = differenceTo(this.key, manifest);
    if (difference) throw new Error(`the manifest is not the one of this backup: ${difference}`);
    if (manifest.sizeBytes !== written.sizeBytes || manifest.sha256 !== written.sha256) {
      throw new Error('the manifest tells another size or SHA-256 than was written');
    }
    if (!isDeepStrictEqual(manifest.file, written.file)) {
      throw new Error('the manifest tells of another file than was written');
    }
  }

  private async orClear<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // What cannot be removed now is swept later; the first failure is the one to tell.
      await this.clear().catch(() => undefined);
      throw error;
    }
  }

  private async clear(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    // A file that cannot be closed can still be removed.
    await this.file.close().catch(() => undefined);
    const failures: unknown[] = [];
    // From the last made: a dump never outlives its manifest.
    for (const path of this.made.toReversed()) {
      try {
        removeFile(path);
      } catch (error) {
        failures.push(error);
      }
    }
    this.onEnd();
    if (failures.length > 0) throw failures[0];
  }

  private end(): void {
    this.ended = true;
    this.onEnd();
  }
}
