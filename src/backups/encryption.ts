import { DecryptionError } from '../secrets/age-stream.js';
import type { BackupKeys } from '../secrets/backup-keys.js';
import { checkPieces } from './pieces/check-pieces.js';
import type { Manifest, StoredFile } from './manifest.js';
import { measure, type Measured } from './pieces/measure.js';
import { StorageError } from './storage-error.js';

/** The keys of an installation, and whether what is stored anew is encrypted with the first of them. */
export interface Encryption {
  keys: BackupKeys | null;
  encrypts: boolean;
}

export const NOT_ENCRYPTED: Encryption = { keys: null, encrypts: false };

/** A dump on its way into a file or an object, as it is stored, and what it is once all of it has passed. */
export interface Sealed {
  pieces: AsyncIterable<Buffer>;
  file: () => StoredFile;
}

/** Encrypts a dump where that is asked for. Otherwise the file is the dump. */
export function seal(dump: Measured, { keys, encrypts }: Encryption): Sealed {
  if (encrypts && !keys) throw new Error('there is no key to encrypt with');
  const key = encrypts ? keys : null;
  const { pieces, written } = key ? measure(key.encrypt(dump.pieces)) : dump;
  return {
    pieces,
    file: () => ({
      ...written(),
      encryption: key && { format: 'age', recipient: key.recipient },
    }),
  };
}

/**
 * The dump in what was stored: decrypted where it is encrypted, and checked against its manifest. `name` is what is
 * read, for the messages.
 */
export function unseal(
  stored: AsyncIterable<Buffer>,
  { sizeBytes, sha256, file: { encryption } }: Manifest,
  { keys }: Encryption,
  name: string,
): AsyncIterable<Buffer> {
  if (encryption === null) return stored;
  if (!keys?.holds(encryption.recipient)) throw noKey(name, encryption.recipient);
  const changed = (difference: string) => changedSince(name, difference);
  return checkPieces(decrypt(stored, keys, changed), { sizeBytes, sha256 }, changed);
}

async function* decrypt(
  stored: AsyncIterable<Buffer>,
  keys: BackupKeys,
  changed: (difference: string) => StorageError,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* keys.decrypt(stored);
  } catch (error) {
    if (!(error instanceof DecryptionError)) throw error;
    throw changed(`it cannot be decrypted: ${error.message}`);
  }
}

export function changedSince(name: string, difference: string): StorageError {
  return new StorageError(
    'changed',
    `${name} was changed since it was written (${difference}): use another backup, and check what it is stored on`,
  );
}

function noKey(name: string, recipient: string): StorageError {
  return new StorageError(
    'no_key',
    `${name} is encrypted for ${recipient}, whose identity the key file does not hold: put it into the file that PAASDB_BACKUP_KEY_FILE names, and start again`,
  );
}
