import { randomBytes, randomInt } from 'node:crypto';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE36 = '0123456789abcdefghijklmnopqrstuvwxyz';

/**
 * An identifier of 16 letters and digits (80 bits). It starts with a digit, which no name may: an id is never
 * taken for a name, nor a name for an id.
 */
export function generateId(): string {
  return pick(BASE36.slice(0, 10), 1) + pick(BASE36, 15);
}

/** A password of 32 letters and digits (190 bits): nothing in it needs escaping anywhere. */
export function generatePassword(): string {
  return pick(BASE62, 32);
}

/** A bearer token `paasdb_<id>_<secret>` with a secret of 256 bits. */
export function generateToken(id: string): string {
  return `paasdb_${id}_${randomBytes(32).toString('hex')}`;
}

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
