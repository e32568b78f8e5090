import { createHash, timingSafeEqual } from 'node:crypto';

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The SHA-256 of what comes in pieces. */
export interface RunningSha256 {
  update(piece: Buffer): void;
  /** Ends it. */
  hex(): string;
}

export function startSha256(): RunningSha256 {
  const hash = createHash('sha256');
  return { update: (piece) => void hash.update(piece), hex: () => hash.digest('hex') };
}

/** Compares two digests in constant time. */
export function sameDigest(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
