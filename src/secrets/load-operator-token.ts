import { generateToken } from './random.js';
import { createSecretFile, readSecretFile } from './secret-file.js';

/** Reads the operator's token, or makes one and keeps it in a file of mode 0600. */
export function loadOperatorToken(path: string): string {
  const existing = readSecretFile(path);
  if (existing !== null && existing !== '') return existing;
  const token = generateToken('operator');
  createSecretFile(path, `${token}\n`);
  return token;
}
