import { BackupKeys, generateBackupKeyFile } from './backup-keys.js';
import { createSecretFile, readSecretFile } from './secret-file.js';

/**
 * Reads the file of age identities that backups are encrypted with. Where there is none, `make` says whether one with
 * a new key is made; otherwise there is `null`. Throws an Error that names the file and what is wrong.
 */
export async function loadBackupKeys(
  path: string,
  { make, now }: { make: boolean; now: Date },
): Promise<BackupKeys | null> {
  try {
    const text = readSecretFile(path);
    if (text !== null) return await BackupKeys.parse(text);
    if (!make) return null;
    const made = await generateBackupKeyFile(now);
    createSecretFile(path, made);
    return await BackupKeys.parse(made);
  } catch (error) {
    throw new Error(
      `the key file ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
