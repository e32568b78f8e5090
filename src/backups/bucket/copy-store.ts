import { folderNamesOf, stemOf, type BackupKey } from '../backup-key.js';
import type { BucketStore } from './bucket-store.js';
import { checkPieces } from '../pieces/check-pieces.js';
import { changedSince, seal, unseal, type Encryption } from '../encryption.js';
import { formatManifest, ManifestError, parseManifest, type Manifest, type StoredFile } from '../manifest.js';
import { measure } from '../pieces/measure.js';
import type { Opened } from '../disk/disk-store.js';
import { differenceTo, MAX_MANIFEST_BYTES } from '../disk/read-manifest.js';
import { StorageError } from '../storage-error.js';

/** The keys of the objects of one copy. */
interface CopyKeys {
  dump: string;
  encryptedDump: string;
  manifest: string;
}

/** They mirror the disk's layout. */
function copyKeysOf(key: BackupKey): CopyKeys {
  const stem = [...folderNamesOf(key), stemOf(key)].join('/');
  return { dump: `${stem}.dump`, encryptedDump: `${stem}.dump.age`, manifest: `${stem}.json` };
}

/**
 * Copies of backups in a bucket: a dump and its manifest each. The manifest comes last and goes first, so that it is
 * what says that a copy is whole: an object appears at once, and nothing sweeps a bucket. A dump without one, which a
 * crash can leave, promises nothing; the next attempt takes its place, or the backup's removal takes it away.
 */
export class CopyStore {
  constructor(
    private readonly objects: BucketStore,
    private readonly encryption: Encryption,
  ) {}

  /** Where the copies are, for people and to tell one place from another. */
  get location(): string {
    return this.objects.location;
  }

  /** The manifest of the copy that is there and whole, or `null`. The dump's content is not read for it. */
  async find(key: BackupKey, signal: AbortSignal): Promise<Manifest | null> {
    const keys = copyKeysOf(key);
    const text = await this.objects.getText(keys.manifest, MAX_MANIFEST_BYTES, signal);
    if (text === null) return null;
    const manifest = readable(text, this.pathOf(keys.manifest));
    if (!manifest || differenceTo(key, manifest)) return null;
    const sizeBytes = await this.objects.sizeOf(objectOf(keys, manifest.file), signal);
    return sizeBytes === manifest.file.sizeBytes ? manifest : null;
  }

  /**
   * Stores a copy of the file of a backup: encrypted on its way, unless it is already or none is to be. Returns what
   * it is stored as.
   */
  async put(key: BackupKey, { manifest, chunks }: Opened, signal: AbortSignal): Promise<StoredFile> {
    const keys = copyKeysOf(key);
    const encrypts = this.encryption.encrypts && manifest.file.encryption === null;
    const sealed = seal(measure(chunks), { ...this.encryption, encrypts });
    // From here on until the end there is no copy: an older manifest would tell of another object.
    await this.objects.remove(keys.manifest, signal);
    const target = encrypts ? keys.encryptedDump : objectOf(keys, manifest.file);
    await this.objects.upload(target, sealed.pieces, { sizeBytes: manifest.file.sizeBytes, signal });
    const stored = sealed.file();
    const file: StoredFile = encrypts ? stored : { ...stored, encryption: manifest.file.encryption };
    const arrived = await this.objects.sizeOf(target, signal);
    if (arrived !== file.sizeBytes) {
      throw new StorageError(
        'bucket_unavailable',
        `${this.pathOf(target)} has ${arrived ?? 'no'} bytes after ${file.sizeBytes} were uploaded: see what the service does`,
      );
    }
    await this.objects.putText(keys.manifest, formatManifest({ ...manifest, file }), signal);
    const found = await this.find(key, signal);
    if (found?.file.sha256 === file.sha256) return file;
    throw new StorageError(
      'bucket_unavailable',
      `${this.pathOf(keys.manifest)} is not there as it was uploaded: see what the service does`,
    );
  }

  /** The dump of a copy, checked as it is read; the last piece comes only when all of it is right. */
  async open(key: BackupKey, signal: AbortSignal): Promise<Opened> {
    const keys = copyKeysOf(key);
    const manifest = await this.find(key, signal);
    if (!manifest)
      throw new StorageError(
        'missing',
        `there is no whole copy at ${this.pathOf(keys.manifest)}: its manifest or its dump is missing, or cannot be used`,
      );
    const object = objectOf(keys, manifest.file);
    const stored = await this.objects.find(object, signal);
    const path = this.pathOf(object);
    if (!stored) throw new StorageError('missing', `${path} is missing`);
    const checked = checkPieces(stored, manifest.file, (difference) => changedSince(path, difference));
    return { manifest, chunks: unseal(checked, manifest, this.encryption, path) };
  }

  /** Removes all objects of a copy, by their exact keys. Those that are not there are fine. */
  async remove(key: BackupKey, signal: AbortSignal): Promise<void> {
    const { manifest, dump, encryptedDump } = copyKeysOf(key);
    for (const object of [manifest, dump, encryptedDump]) await this.objects.remove(object, signal);
  }

  close(): void {
    this.objects.close();
  }

  private pathOf(key: string): string {
    return `${this.location}/${key}`;
  }
}

function readable(text: string, path: string): Manifest | null {
  try {
    return parseManifest(text, path);
  } catch (error) {
    if (error instanceof ManifestError) return null;
    throw error;
  }
}

function objectOf({ dump, encryptedDump }: CopyKeys, { encryption }: StoredFile): string {
  return encryption === null ? dump : encryptedDump;
}
