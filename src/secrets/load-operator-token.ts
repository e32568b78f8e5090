import { generateToken } from './random.js';
import { createSecretFile, readSecretFile } from './secret-file.js';

const MIN_LENGTH = 32;

/** Reads the operator's token, or makes one and keeps it in a file of mode 0600. */
export function loadOperatorToken(path: string): string {
  const existing = readSecretFile(path);
  if (existing !== null) {
    if (existing.length >= MIN_LENGTH) return existing;
    throw new Error(
      `${path} must hold a token of at least ${MIN_LENGTH} characters: remove it, and the next start makes one`,
    );
  }
  const token = generateToken('operator');
  createSecretFile(path, `${token}\n`);
  return token;
}
