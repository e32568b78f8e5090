/**
 * Has the next piece come while one is worked with. A piece that nobody wants any more is not waited for: where it
 * comes from may have nothing to give for a long time.
 */
export async function* ahead<T>(pieces: AsyncIterable<T>): AsyncGenerator<T, void, void> {
  const source = pieces[Symbol.asyncIterator]();
  const ask = () => {
    const next = source.next();
    // It is told of when its turn comes.
    next.catch(() => undefined);
    return next;
  };
  try {
    for (let next = ask(); ;) {
      const piece = await next;
      if (piece.done) return;
      next = ask();
      yield piece.value;
    }
  } finally {
    source.return?.().catch(() => undefined);
  }
}
