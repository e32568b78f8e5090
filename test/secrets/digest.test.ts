import { sameDigest, sha256, startSha256 } from '../../src/secrets/digest.js';

describe('digests', () => {
  it('are SHA-256', () => {
    // FIPS 180-4, example "abc".
    expect(sha256('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('of pieces are the digest of the whole', () => {
    const running = startSha256();
    for (const piece of ['a', '', 'bc']) running.update(Buffer.from(piece));
    expect(running.hex()).toBe(sha256('abc').toString('hex'));
  });

  it('are the same or not, whatever their length', () => {
    expect(sameDigest(sha256('abc'), sha256('abc'))).toBe(true);
    expect(sameDigest(sha256('abc'), sha256('abd'))).toBe(false);
    expect(sameDigest(sha256('abc'), sha256('abc').subarray(1))).toBe(false);
    expect(sameDigest(Buffer.alloc(0), sha256('abc'))).toBe(false);
  });
});
