/** Calls `onStall` when somebody has waited for the next piece for too long. Time between two waits does not count. */
export class StallWatch {
  constructor(
    private readonly limitMs: number,
    private readonly onStall: () => void,
  ) {}

  async *over<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void> {
    let timer = setTimeout(this.onStall, this.limitMs);
    try {
      for await (const piece of pieces) {
        clearTimeout(timer);
        yield piece;
        timer = setTimeout(this.onStall, this.limitMs);
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
