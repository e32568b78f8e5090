import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Place, Sealer } from '../domain/sealer.js';

const ALGORITHM = 'aes-256-gcm';
const FORMAT = 'v1';
const KEY_LINE = /^([a-z0-9-]{1,32}) ([A-Za-z0-9+/]{43}=)$/;

/** A new line for a key file: an id and 256 random bits in base64. */
export function generateKeyLine(): string {
  return `k${randomBytes(4).toString('hex')} ${randomBytes(32).toString('base64')}\n`;
}

/**
 * The keys of one key file. Values are sealed as `v1.<key id>.<nonce>.<tag>.<ciphertext>` (base64url), with
 * AES-256-GCM, a random 96-bit nonce and their place as additional authenticated data.
 */
export class Keyring implements Sealer {
  private constructor(
    readonly activeKeyId: string,
    private readonly keys: ReadonlyMap<string, Buffer>,
  ) {}

  /**
   * Reads `<id> <base64 of 32 bytes>` lines. The first seals, all open. Blank lines and `#` comments are
   * passed over. Throws an Error that names the faulty line, never its content.
   */
  static parse(text: string): Keyring {
    const keys = new Map<string, Buffer>();
    for (const [index, line] of text.split('\n').entries()) {
      if (line.trim() === '' || line.startsWith('#')) continue;
      const match = KEY_LINE.exec(line.trim());
      if (!match?.[1] || !match[2]) {
        throw new Error(`line ${index + 1} is not "<id> <base64 of 32 bytes>"`);
      }
      if (keys.has(match[1])) throw new Error(`line ${index + 1} repeats the key id ${match[1]}`);
      keys.set(match[1], Buffer.from(match[2], 'base64'));
    }
    const [first] = keys.keys();
    if (first === undefined) throw new Error('it holds no key');
    return new Keyring(first, keys);
  }

  seal(plaintext: string, place: Place): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv(ALGORITHM, this.key(this.activeKeyId), nonce);
    cipher.setAAD(additionalData(this.activeKeyId, place));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    const parts = [nonce, cipher.getAuthTag(), ciphertext].map((part) => part.toString('base64url'));
    return [FORMAT, this.activeKeyId, ...parts].join('.');
  }

  open(sealed: string, place: Place): string {
    const { keyId, nonce, tag, ciphertext } = split(sealed);
    const decipher = createDecipheriv(ALGORITHM, this.key(keyId), nonce, { authTagLength: 16 });
    decipher.setAAD(additionalData(keyId, place));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  }

  keyIdOf(sealed: string): string {
    return split(sealed).keyId;
  }

  holds(keyId: string): boolean {
    return this.keys.has(keyId);
  }

  private key(id: string): Buffer {
    const key = this.keys.get(id);
    if (!key) throw new Error(`the key file does not hold the key ${id}`);
    return key;
  }
}

function additionalData(keyId: string, { table, row, column }: Place): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, keyId, table, row, column]));
}

function split(sealed: string) {
  const [format, keyId, nonce, tag, ciphertext, ...rest] = sealed.split('.');
  if (format !== FORMAT || !keyId || !nonce || !tag || ciphertext === undefined || rest.length > 0) {
    throw new Error('this is not a sealed value');
  }
  const bytes = (part: string) => Buffer.from(part, 'base64url');
  return { keyId, nonce: bytes(nonce), tag: bytes(tag), ciphertext: bytes(ciphertext) };
}
