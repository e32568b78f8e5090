/** What every file that age has encrypted begins with. */
const MAGIC = Buffer.from('age-encryption.org/v1\n');

/** What was encrypted cannot be decrypted: it was changed, or it is for another key. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

type Transform = (stream: ReadableStream<Uint8Array>) => Promise<ReadableStream<Uint8Array>>;

/**
 * Takes pieces through a web stream, no faster than they are wanted. The pieces must not be written to afterwards:
 * a stream may hold some. What fails the source is passed on as it is.
 */
export async function* throughStream(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Buffer, void, void> {
  const pieces = source[Symbol.asyncIterator]();
  try {
    for await (const piece of await transform(toStream(pieces))) {
      if (piece.length > 0) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    }
  } finally {
    // A stream that is read no further tells its source sometime later.
    await pieces.return?.();
  }
}

/** The same for what is decrypted. Whatever fails, and is not the source, is a `DecryptionError`. */
export async function* decrypted(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
): AsyncGenerator<Buffer, void, void> {
  const failures: unknown[] = [];
  try {
    yield* throughStream(noting(beginsAsAge(source), failures), transform);
  } catch (error) {
    if (failures.length > 0) throw failures[0];
    throw new DecryptionError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function* noting<T>(source: AsyncIterable<T>, failures: unknown[]): AsyncGenerator<T, void, void> {
  try {
    yield* source;
  } catch (error) {
    failures.push(error);
    throw error;
  }
}

/** What is none of age's is refused at once: its header would be looked for up to the end, in memory. */
async function* beginsAsAge(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const piece of source) {
    if (head === null) {
      yield piece;
      continue;
    }
    head = Buffer.concat([head, piece]);
    const begun = head.subarray(0, MAGIC.length);
    if (!MAGIC.subarray(0, begun.length).equals(begun)) throw new DecryptionError('it is no file of age');
    if (head.length < MAGIC.length) continue;
    yield head;
    head = null;
  }
  if (head !== null) throw new DecryptionError('it ends before it began');
}

function toStream(pieces: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
}
