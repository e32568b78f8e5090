import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { CopyStore } from './backups/bucket/copy-store.js';
import { DiskStore } from './backups/disk/disk-store.js';
import type { Config } from './config.js';
import type { Bucket, BucketConfig } from './domain/bucket.js';
import type { Logger } from './domain/logger.js';
import type { BackupKeys } from './secrets/backup-keys.js';
import { loadBackupKeys } from './secrets/load-backup-keys.js';
import { readSecretFile } from './secrets/secret-file.js';
import { hasStoredBackups } from './store/backups.js';
import { listBackupRecipients } from './store/copies.js';
import type { Store } from './store/store.js';

/** Where backups are kept, with the keys that they are encrypted with. */
export async function openBackupStores(
  store: Store,
  config: Config,
  logger: Logger,
): Promise<{ disk: DiskStore; copies: CopyStore | null }> {
  const { backupEncryption, backupDir, bucket } = config;
  const keys = await openKeys(store, config, logger);
  const isNew = () => !hasStoredBackups(store);
  const disk = new DiskStore(backupDir, { keys, encrypts: backupEncryption === 'all' }, isNew);
  if (!bucket) return { disk, copies: null };
  // Only who has a bucket pays for the SDK, in memory and in time.
  const { BucketStore } = await import('./backups/bucket/bucket-store.js');
  const objects = new BucketStore(readBucket(bucket));
  return { disk, copies: new CopyStore(objects, { keys, encrypts: backupEncryption !== 'none' }) };
}

/**
 * The keys, made where there was never one. Without the file that stored backups need nothing starts: a new key would
 * hide that they cannot be read. A file without one of their keys is a choice, which is told of.
 */
async function openKeys(
  store: Store,
  { backupKeyFile: path, backupEncryption }: Config,
  logger: Logger,
): Promise<BackupKeys | null> {
  const needed = listBackupRecipients(store);
  if (needed.length > 0 && !existsSync(path)) {
    throw new Error(
      `the key file ${path} is missing, and backups are encrypted for ${needed.join(', ')}: put the file back. Without it they cannot be read; if it is lost for good, \`age-keygen -o ${path}\` makes another for the backups to come`,
    );
  }
  const keys = await loadBackupKeys(path, { make: backupEncryption !== 'none', now: new Date() });
  const lost = needed.filter((recipient) => !keys?.holds(recipient));
  if (lost.length > 0) {
    logger.error(
      { path, recipients: lost },
      'backups are encrypted for keys that the key file does not hold: they cannot be read without',
    );
  }
  return keys;
}

function readBucket({ secretAccessKey, ...bucket }: BucketConfig): Bucket {
  if (typeof secretAccessKey === 'string') return { ...bucket, secretAccessKey };
  const secret = readSecretFile(secretAccessKey.file);
  if (secret === null || secret === '') {
    throw new Error(
      `${secretAccessKey.file} must hold the secret of the access key: make it, or name another file in PAASDB_S3_SECRET_ACCESS_KEY_FILE`,
    );
  }
  return { ...bucket, secretAccessKey: secret };
}

/** The folder that an operator names has to be there: it may be a disk that is not mounted yet. */
export function requireBackupFolder({ backupDir, dataDir }: Config): void {
  if (dirname(backupDir) === dataDir) mkdirSync(backupDir, { recursive: true, mode: 0o700 });
  if (!existsSync(backupDir)) {
    throw new Error(`the folder for backups, ${backupDir}, is missing: make it, or mount its disk`);
  }
}
