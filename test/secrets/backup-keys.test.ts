import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DecryptionError } from '../../src/secrets/age-stream.js';
import { BackupKeys, generateBackupKeyFile } from '../../src/secrets/backup-keys.js';
import { loadBackupKeys } from '../../src/secrets/load-backup-keys.js';
import { temporaryFolder } from '../temporary-folder.js';

const NOW = new Date('2030-01-31T12:34:56.789Z');
const KIB = 1024;

const newKeys = async () => BackupKeys.parse(await generateBackupKeyFile(NOW));

async function* inPieces(bytes: Buffer, pieceBytes = 10_000): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function all(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(piece);
  return Buffer.concat(found);
}

const patterned = (sizeBytes: number) => Buffer.from(Array.from({ length: sizeBytes }, (_, n) => n % 251));

/** The public tool: the package `age` of Debian, which scripts/test installs. */
const age = (...values: string[]) => execFileSync('age', values, { maxBuffer: 2 ** 26 });

describe('backup keys', () => {
  it.each([1, 64 * KIB, 64 * KIB + 1, 300 * KIB])('give back %i bytes as they were', async (size) => {
    const keys = await newKeys();
    const bytes = patterned(size);
    const sealed = await all(keys.encrypt(inPieces(bytes)));
    if (size > 1) expect(sealed.includes(bytes.subarray(0, 100))).toBe(false);
    expect((await all(keys.decrypt(inPieces(sealed, 7000)))).equals(bytes)).toBe(true);
  });

  it('are those of age itself: it decrypts what is encrypted, with the key file, and the other way round', async () => {
    using folder = temporaryFolder();
    const keyFile = join(folder.path, 'backup.key');
    const keys = await loadBackupKeys(keyFile, { make: true, now: NOW });
    if (!keys) throw new Error('no key was made');
    const bytes = patterned(200 * KIB);
    const path = join(folder.path, 'sealed.age');
    writeFileSync(path, await all(keys.encrypt(inPieces(bytes))));
    expect(age('-d', '-i', keyFile, path).equals(bytes)).toBe(true);

    writeFileSync(join(folder.path, 'plain'), bytes);
    const theirs = age('-r', keys.recipient, join(folder.path, 'plain'));
    expect((await all(keys.decrypt(inPieces(theirs)))).equals(bytes)).toBe(true);
    const recipient = execFileSync('age-keygen', ['-y', keyFile], { encoding: 'utf8' }).trim();
    expect(recipient).toBe(keys.recipient);
  });

  it('decrypt with each identity of the file, and encrypt with the first', async () => {
    const [older, newer] = [await generateBackupKeyFile(NOW), await generateBackupKeyFile(NOW)];
    const [before, after] = [await BackupKeys.parse(older), await BackupKeys.parse(newer + older)];
    const sealed = await all(before.encrypt(inPieces(patterned(1000))));
    expect(await all(after.decrypt(inPieces(sealed)))).toHaveLength(1000);
    expect([after.holds(before.recipient), before.holds(after.recipient)]).toEqual([true, false]);
    const renewed = await all(after.encrypt(inPieces(patterned(1000))));
    await expect(all(before.decrypt(inPieces(renewed)))).rejects.toThrow(DecryptionError);
  });

  it.each([0, 20, 150, 70_000, -1])('refuse what was changed at byte %i', async (at) => {
    const keys = await newKeys();
    const sealed = await all(keys.encrypt(inPieces(patterned(100_000))));
    const index = (at + sealed.length) % sealed.length;
    sealed.writeUInt8(sealed.readUInt8(index) ^ 1, index);
    await expect(all(keys.decrypt(inPieces(sealed)))).rejects.toThrow(DecryptionError);
  });

  it.each([0, 10, 100, 65_800, 100_000])('refuse what ends after %i bytes', async (length) => {
    const keys = await newKeys();
    const sealed = await all(keys.encrypt(inPieces(patterned(100_000))));
    await expect(all(keys.decrypt(inPieces(sealed.subarray(0, length))))).rejects.toThrow(DecryptionError);
  });

  it('pass on what fails their source, and end it when nobody reads on', async () => {
    const keys = await newKeys();
    const broken = new Error('the disk is gone');
    const sealed = await all(keys.encrypt(inPieces(patterned(200_000))));
    let endings = 0;
    async function* source(bytes: Buffer, fails: boolean): AsyncGenerator<Buffer> {
      try {
        yield* inPieces(bytes.subarray(0, 150_000));
        if (fails) throw broken;
        yield* inPieces(bytes.subarray(150_000));
      } finally {
        endings += 1;
      }
    }
    await expect(all(keys.encrypt(source(sealed, true)))).rejects.toBe(broken);
    await expect(all(keys.decrypt(source(sealed, true)))).rejects.toBe(broken);
    for await (const piece of keys.decrypt(source(sealed, false))) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(endings).toBe(3);
  });
});

describe('the key file', () => {
  it('is made once, for nobody else to read, as age-keygen makes it', async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'backup.key');
    expect(await loadBackupKeys(path, { make: false, now: NOW })).toBeNull();
    const made = await loadBackupKeys(path, { make: true, now: NOW });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(
      /^# created: 2030-01-31T12:34:56Z\n# public key: age1[0-9a-z]{58}\nAGE-SECRET-KEY-1[0-9A-Z]{58}\n$/,
    );
    const again = await loadBackupKeys(path, { make: true, now: NOW });
    expect(again?.recipient).toBe(made?.recipient);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it.each([
    ['', /it holds no identity/],
    ['# a comment\n', /it holds no identity/],
    ['# one\nhunter2', /line 2 is not an identity/],
    [`AGE-SECRET-KEY-1${'Q'.repeat(58)}`, /line 1 is not an identity/],
  ])('that is faulty is refused, with the line and not the key', async (text, message) => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'backup.key');
    writeFileSync(path, text);
    const loading = loadBackupKeys(path, { make: true, now: NOW });
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(path);
    await expect(loading).rejects.not.toThrow(/hunter2|QQQQ/);
  });
});
