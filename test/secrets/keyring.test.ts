import type { Place } from '../../src/domain/sealer.js';
import { generateKeyLine, Keyring } from '../../src/secrets/keyring.js';

const PLACE: Place = { table: 'credentials', row: '1abc', column: 'password_sealed' };

const newRing = () => Keyring.parse(generateKeyLine());

describe('a keyring', () => {
  it.each(['secret', '', 'naïve 🔑\n\0', 'x'.repeat(10_000)])('opens what it sealed: %j', (plaintext) => {
    const ring = newRing();
    expect(ring.open(ring.seal(plaintext, PLACE), PLACE)).toBe(plaintext);
  });

  it('seals the same value differently each time, and shows nothing of it', () => {
    const ring = newRing();
    const [one, other] = [ring.seal('secret', PLACE), ring.seal('secret', PLACE)];
    expect(one).not.toBe(other);
    expect(one).not.toContain('secret');
    expect(one).not.toContain(Buffer.from('secret').toString('base64url'));
  });

  it('says which key sealed a value', () => {
    const ring = newRing();
    const sealed = ring.seal('secret', PLACE);
    expect(sealed.startsWith(`v1.${ring.activeKeyId}.`)).toBe(true);
    expect(ring.keyIdOf(sealed)).toBe(ring.activeKeyId);
  });

  it.each([
    ['table', { ...PLACE, table: 'idempotency_keys' }],
    ['row', { ...PLACE, row: '1abd' }],
    ['column', { ...PLACE, column: 'verifier_sealed' }],
    ['row and column, run together', { ...PLACE, row: '1abcp', column: 'assword_sealed' }],
  ])('does not open a value that was moved to another %s', (_, place) => {
    const ring = newRing();
    const sealed = ring.seal('secret', PLACE);
    expect(() => ring.open(sealed, place)).toThrow();
  });

  it('does not open a value of which one bit was altered', () => {
    const ring = newRing();
    const [format, keyId, ...parts] = ring.seal('secret', PLACE).split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const altered = Buffer.from(bytes);
        altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const sealed = [format, keyId, ...parts.with(index, altered.toString('base64url'))].join('.');
        expect(() => ring.open(sealed, PLACE)).toThrow();
      }
    }
  });

  it('does not open a value under a shortened tag', () => {
    const ring = newRing();
    const [format, keyId, nonce, tag = '', ciphertext] = ring.seal('secret', PLACE).split('.');
    const short = Buffer.from(tag, 'base64url').subarray(0, 4).toString('base64url');
    expect(() => ring.open([format, keyId, nonce, short, ciphertext].join('.'), PLACE)).toThrow();
  });

  it.each(['', 'secret', 'v1.k1', 'v2.k1.a.b.c', 'v1.k1.a.b.c.d', 'v1..a.b.c', 'v1.k1...'])(
    'does not take %j for a sealed value',
    (value) => {
      expect(() => newRing().open(value, PLACE)).toThrow('this is not a sealed value');
    },
  );

  it('names the key that is missing', () => {
    const stranger = newRing();
    const sealed = stranger.seal('secret', PLACE);
    const ring = newRing();
    expect(ring.holds(stranger.activeKeyId)).toBe(false);
    expect(() => ring.open(sealed, PLACE)).toThrow(
      `the key file does not hold the key ${stranger.activeKeyId}`,
    );
  });

  it('does not open with another key of the same id', () => {
    const key = () => generateKeyLine().replace(/^\S+/, 'k1');
    const sealed = Keyring.parse(key()).seal('secret', PLACE);
    expect(() => Keyring.parse(key()).open(sealed, PLACE)).toThrow();
  });

  it('seals with the first key and opens with any', () => {
    const [oldLine, newLine] = [generateKeyLine(), generateKeyLine()];
    const before = Keyring.parse(oldLine);
    const after = Keyring.parse(newLine + oldLine);
    expect(after.open(before.seal('secret', PLACE), PLACE)).toBe('secret');
    expect(after.holds(before.activeKeyId)).toBe(true);
    expect(after.activeKeyId).toBe(Keyring.parse(newLine).activeKeyId);
    expect(() => before.open(after.seal('secret', PLACE), PLACE)).toThrow();
  });
});

describe('a key file', () => {
  it('may have comments, blank lines and the line ends of Windows', () => {
    const line = generateKeyLine();
    const ring = Keyring.parse(`# made in January\r\n\r\n${line.trim()}\r\n\r\n`);
    expect(ring.activeKeyId).toBe(Keyring.parse(line).activeKeyId);
  });

  it.each([
    ['nothing', '', 'it holds no key'],
    ['comments only', '# nothing\n', 'it holds no key'],
    ['a key without an id', `${'A'.repeat(43)}=`, 'line 1 is not'],
    ['a key of 31 bytes', `k1 ${Buffer.alloc(31).toString('base64')}`, 'line 1 is not'],
    ['a key of 33 bytes', `k1 ${Buffer.alloc(33).toString('base64')}`, 'line 1 is not'],
    ['a key in hex', `k1 ${'ab'.repeat(32)}`, 'line 1 is not'],
    ['an id with capitals', `K1 ${'A'.repeat(43)}=`, 'line 1 is not'],
    ['an id with a dot', `k.1 ${'A'.repeat(43)}=`, 'line 1 is not'],
    ['rubbish on line 2', `${generateKeyLine()}rubbish\n`, 'line 2 is not'],
    ['an id twice', `k1 ${'A'.repeat(43)}=\nk1 ${'B'.repeat(43)}=`, 'line 2 repeats the key id k1'],
  ])('is refused with %s', (_, text, message) => {
    expect(() => Keyring.parse(text)).toThrow(message);
  });

  it('is refused without showing what is in it', () => {
    const key = Buffer.alloc(31, 7).toString('base64');
    let message = '';
    try {
      Keyring.parse(`k1 ${key}`);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('line 1');
    expect(message).not.toContain(key);
  });
});
