import type { BackupKey } from '../backup-key.js';
import { openFile } from './files.js';
import { ManifestError, parseManifest, type Manifest } from '../manifest.js';
import type { Place } from './place.js';
import { onDisk } from '../storage-error.js';

/** A hundred thousand tables need a fifth of it: what is larger is no manifest, and need not be read. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Reads the manifest of a backup. Throws when it cannot be used, or is the one of another. */
export async function readManifest({ manifest: path }: Place, key: BackupKey): Promise<Manifest> {
  const file = await openFile(path);
  try {
    const { size } = await onDisk(path, () => file.stat());
    if (size > MAX_MANIFEST_BYTES)
      throw new ManifestError(path, `is not the manifest of a backup (it has ${size} bytes)`);
    const manifest = parseManifest(await onDisk(path, () => file.readFile('utf8')), path);
    const difference = differenceTo(key, manifest);
    if (difference) throw new ManifestError(path, `is not the manifest of this backup (${difference})`);
    return manifest;
  } finally {
    await onDisk(path, () => file.close());
  }
}

/** How a manifest differs from the key of the backup that it should describe; `null` when it does not. */
export function differenceTo(key: BackupKey, manifest: Manifest): string | null {
  const fields = ['org', 'app', 'databaseName', 'databaseId', 'backupId'] as const;
  const field = fields.find((name) => key[name] !== manifest[name]);
  return field ? `its ${field} is ${manifest[field]} instead of ${key[field]}` : null;
}
