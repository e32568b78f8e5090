/** Passes bytes on, all but the last `size` of them. */
export class HeldBack {
  /** The last bytes so far: as many as are held back once so many came. */
  rest: Buffer = Buffer.alloc(0);

  constructor(private readonly size: number) {}

  pass(chunk: Buffer): Buffer {
    const all = Buffer.concat([this.rest, chunk]);
    const cut = Math.max(0, all.length - this.size);
    this.rest = all.subarray(cut);
    return all.subarray(0, cut);
  }
}
