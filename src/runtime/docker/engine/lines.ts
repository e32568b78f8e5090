/** Takes a text that arrives in pieces apart into lines. Of one that is too long only the beginning is kept. */
export class Lines {
  private parts: Buffer[] = [];
  private kept = 0;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly limitBytes = 4096,
  ) {}

  add(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf('\n', start);
      this.keep(chunk.subarray(start, end === -1 ? undefined : end));
      if (end === -1) return;
      this.flush();
      start = end + 1;
    }
  }

  /** What came after the last line's end, if anything did. */
  end(): void {
    if (this.kept > 0) this.flush();
  }

  private keep(part: Buffer): void {
    const room = this.limitBytes - this.kept;
    if (room <= 0 || part.length === 0) return;
    // A copy: a piece of it would keep the whole chunk.
    this.parts.push(Buffer.from(part.subarray(0, room)));
    this.kept += Math.min(room, part.length);
  }

  private flush(): void {
    const line = Buffer.concat(this.parts).toString('utf8');
    this.parts = [];
    this.kept = 0;
    this.onLine(line);
  }
}
