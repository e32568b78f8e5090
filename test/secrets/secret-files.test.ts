import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKeyring } from '../../src/secrets/load-keyring.js';
import { loadOperatorToken } from '../../src/secrets/load-operator-token.js';
import { createSecretFile, readSecretFile } from '../../src/secrets/secret-file.js';
import { temporaryFolder } from '../temporary-folder.js';

let folder: ReturnType<typeof temporaryFolder>;
let path: string;
beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'secret');
});
afterEach(() => folder[Symbol.dispose]());

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('a secret file', () => {
  it('is readable by its owner alone, whatever the umask', () => {
    const before = process.umask(0);
    try {
      createSecretFile(path, 'secret\n');
    } finally {
      process.umask(before);
    }
    expect(modeOf(path)).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('secret\n');
  });

  it('is read without the space around it', () => {
    createSecretFile(path, ' secret \r\n');
    expect(readSecretFile(path)).toBe('secret');
  });

  it('is nothing when it is missing, and a failure when it cannot be read', () => {
    expect(readSecretFile(path)).toBeNull();
    mkdirSync(path);
    expect(() => readSecretFile(path)).toThrow(/EISDIR/);
  });

  it('is never overwritten, and no copy of the other secret is left beside it', () => {
    createSecretFile(path, 'first');
    expect(() => createSecretFile(path, 'second')).toThrow(/EEXIST/);
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(folder.path)).toEqual(['secret']);
  });

  it('is made although an earlier try was cut short', () => {
    writeFileSync(`${path}.new`, 'half');
    createSecretFile(path, 'whole');
    expect(readFileSync(path, 'utf8')).toBe('whole');
    expect(readdirSync(folder.path)).toEqual(['secret']);
  });
});

describe('the key file', () => {
  it('is made at the first start and read at the next', () => {
    const made = loadKeyring(path);
    expect(modeOf(path)).toBe(0o600);
    expect(loadKeyring(path).activeKeyId).toBe(made.activeKeyId);
  });

  it.each([
    ['empty', '', 'it holds no key'],
    ['rubbish', 'k1 not-a-key\n', 'line 1 is not'],
  ])('is refused and kept when it is %s', (_, content, message) => {
    writeFileSync(path, content);
    expect(() => loadKeyring(path)).toThrow(`the key file ${path} cannot be used: ${message}`);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  it('is refused with its name when its folder is missing', () => {
    const lost = join(folder.path, 'missing', 'master.key');
    expect(() => loadKeyring(lost)).toThrow(`the key file ${lost} cannot be used`);
  });
});

describe('the operator’s token', () => {
  it('is made at the first start and read at the next', () => {
    const token = loadOperatorToken(path);
    expect(token).toMatch(/^paasdb_operator_[0-9a-f]{64}$/);
    expect(modeOf(path)).toBe(0o600);
    expect(loadOperatorToken(path)).toBe(token);
  });

  it('can be one of the operator’s own', () => {
    writeFileSync(path, 'a token of my own, which is long enough\n');
    expect(loadOperatorToken(path)).toBe('a token of my own, which is long enough');
  });

  it.each(['', '\n', 'x'.repeat(31)])('is refused and kept when it could be guessed: %j', (content) => {
    writeFileSync(path, content);
    expect(() => loadOperatorToken(path)).toThrow(`${path} must hold a token of at least 32 characters`);
    expect(readFileSync(path, 'utf8')).toBe(content);
  });
});
