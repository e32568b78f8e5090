/** The next piece, or an error like that of a network that gave up when it takes longer. */
export async function nextWithin<T>(
  pieces: AsyncIterator<T, void>,
  timeoutMs: number,
): Promise<IteratorResult<T, void>> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`nothing came for ${timeoutMs} ms`);
      error.name = 'TimeoutError';
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([pieces.next(), tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
