/** Keeps the last `limit` bytes of a text that arrives in pieces. */
export class TextTail {
  private bytes: Buffer = Buffer.alloc(0);

  constructor(private readonly limit = 64 * 1024) {}

  add(chunk: Buffer): void {
    const all = chunk.length < this.limit ? Buffer.concat([this.bytes, chunk]) : chunk;
    this.bytes = all.length > this.limit ? Buffer.from(all.subarray(-this.limit)) : all;
  }

  toString(): string {
    return this.bytes.toString('utf8');
  }
}
