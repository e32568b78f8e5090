import { inParts } from '../../../src/backups/pieces/in-parts.js';

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (const text of texts) yield Buffer.from(text);
}

/** Each part as it is when it comes: one that is not the last ends with a plus. */
async function partsOf(texts: string[], partBytes = 4): Promise<string[]> {
  const parts: string[] = [];
  for await (const { bytes, isLast } of inParts(pieces(...texts), partBytes)) {
    parts.push(bytes.toString() + (isLast ? '' : '+'));
  }
  return parts;
}

describe('parts', () => {
  it.each([
    ['nothing', [], ['']],
    ['empty pieces', ['', ''], ['']],
    ['less than one', ['ab', 'c'], ['abc']],
    ['exactly one', ['ab', 'cd'], ['abcd']],
    ['one, and an empty piece', ['abcd', ''], ['abcd']],
    ['exactly two', ['abcdefgh'], ['abcd+', 'efgh']],
    ['more, in small pieces', ['abc', 'def', 'ghi'], ['abcd+', 'efgh+', 'i']],
    ['more, in one large piece', ['abcdefghijk'], ['abcd+', 'efgh+', 'ijk']],
  ])('of %s are full but for the last', async (_what, texts, expected) => {
    expect(await partsOf(texts)).toEqual(expected);
  });

  it('share one buffer', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for await (const { bytes } of inParts(pieces('abcdefgh', 'ij'), 4)) buffers.add(bytes.buffer);
    expect(buffers.size).toBe(1);
  });

  it('are kept as long as there are buffers, and no longer', async () => {
    const parts = inParts(pieces('aabbccdd'), 2, 2);
    const next = async () => (await parts.next()).value?.bytes ?? Buffer.alloc(0);
    const [first, second] = [await next(), await next()];
    expect([String(first), String(second)]).toEqual(['aa', 'bb']);
    await next();
    expect([String(first), String(second)]).toEqual(['cc', 'bb']);
  });

  it('fail as what they are made of fails', async () => {
    const error = new Error('the disk is gone');
    async function* failing(): AsyncGenerator<Buffer> {
      yield* pieces('abcdef');
      throw error;
    }
    const parts = inParts(failing(), 4);
    expect((await parts.next()).done).toBe(false);
    await expect(parts.next()).rejects.toBe(error);
  });
});
