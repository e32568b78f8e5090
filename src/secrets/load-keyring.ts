import { generateKeyLine, Keyring } from './keyring.js';
import { createSecretFile, readSecretFile } from './secret-file.js';

/**
 * Reads the key file, or makes one with a new key. Throws an Error that names the file and what is wrong.
 * A new key does no harm to what an older one sealed: the caller checks that every key in use is held.
 */
export function loadKeyring(path: string): Keyring {
  try {
    const text = readSecretFile(path);
    if (text !== null) return Keyring.parse(text);
    const line = generateKeyLine();
    createSecretFile(path, line);
    return Keyring.parse(line);
  } catch (error) {
    throw new Error(
      `the key file ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
