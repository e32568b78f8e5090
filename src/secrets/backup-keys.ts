import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decrypted, throughStream } from './age-stream.js';

const IDENTITY = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/** The text of a new key file, as age-keygen writes it. */
export async function generateBackupKeyFile(now: Date): Promise<string> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const created = `${now.toISOString().slice(0, 19)}Z`;
  return `# created: ${created}\n# public key: ${recipient}\n${identity}\n`;
}

/**
 * The identities of one key file, in age's format (https://age-encryption.org/v1): `age -d -i` takes the same file,
 * and decrypts what is encrypted here. The first encrypts, all decrypt.
 */
export class BackupKeys {
  private constructor(
    /** The public key of the first. */
    readonly recipient: string,
    private readonly identities: ReadonlyMap<string, string>,
  ) {}

  /** Reads one identity a line. Throws an Error that names the faulty line, never its content. */
  static async parse(text: string): Promise<BackupKeys> {
    const identities = new Map<string, string>();
    for (const [index, line] of text.split('\n').entries()) {
      const identity = line.trim();
      if (identity === '' || identity.startsWith('#')) continue;
      const recipient = IDENTITY.test(identity)
        ? await identityToRecipient(identity).catch(() => null)
        : null;
      if (recipient === null) throw new Error(`line ${index + 1} is not an identity of age (X25519)`);
      if (!identities.has(recipient)) identities.set(recipient, identity);
    }
    const [first] = identities.keys();
    if (first === undefined) throw new Error('it holds no identity of age');
    return new BackupKeys(first, identities);
  }

  holds(recipient: string): boolean {
    return this.identities.has(recipient);
  }

  /** Encrypts for the first identity, with constant memory. The pieces must not be written to afterwards. */
  encrypt(pieces: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    return throughStream(pieces, (stream) => {
      const encrypter = new Encrypter();
      encrypter.addRecipient(this.recipient);
      return encrypter.encrypt(stream);
    });
  }

  /**
   * Decrypts with whichever identity fits, with constant memory. Ends with a `DecryptionError` when none does, and at
   * the first piece that was changed.
   */
  decrypt(pieces: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    return decrypted(pieces, (stream) => {
      const decrypter = new Decrypter();
      for (const identity of this.identities.values()) decrypter.addIdentity(identity);
      return decrypter.decrypt(stream);
    });
  }
}
