import type { Encryption } from '../../src/backups/encryption.js';
import { BackupKeys, generateBackupKeyFile } from '../../src/secrets/backup-keys.js';

const NOW = new Date('2030-01-31T12:34:56.789Z');

export const newKeyFile = () => generateBackupKeyFile(NOW);

export const newKeys = async () => BackupKeys.parse(await newKeyFile());

/** Encrypts all with a key of its own. */
export async function encrypting(): Promise<Encryption & { keys: BackupKeys }> {
  return { keys: await newKeys(), encrypts: true };
}
