import { startSha256 } from '../../secrets/digest.js';

/** What a file or an object has to be when it is read again. */
export interface Written {
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

/** Pieces on their way, and what they were once all of them have passed. */
export interface Measured {
  pieces: AsyncIterable<Buffer>;
  /** Throws before the last piece has passed. */
  written: () => Written;
}

export function measure(pieces: AsyncIterable<Buffer>): Measured {
  const sha256 = startSha256();
  let sizeBytes = 0;
  let written: Written | null = null;
  async function* pass(): AsyncGenerator<Buffer, void, void> {
    for await (const piece of pieces) {
      sha256.update(piece);
      sizeBytes += piece.length;
      yield piece;
    }
    written = { sizeBytes, sha256: sha256.hex() };
  }
  return {
    pieces: pass(),
    written: () => {
      if (!written) throw new Error('not all of it has passed yet');
      return written;
    },
  };
}
