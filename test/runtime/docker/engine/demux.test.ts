import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Demux } from '../../../../src/runtime/docker/engine/demux.js';
import { frame } from '../fake-engine.js';

async function demux(chunks: Iterable<Buffer>): Promise<{ stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      stdout += chunk.toString();
      done();
    },
  });
  await pipeline(Readable.from(chunks), new Demux((chunk) => (stderr += chunk.toString())), sink);
  return { stdout, stderr };
}

const WHOLE = Buffer.concat([frame(1, 'one '), frame(2, 'bad'), frame(1, ''), frame(1, 'two')]);

it.each([1, 2, 3, 7, 8, 9, 100])('takes a stream apart that comes in pieces of %i bytes', async (size) => {
  const pieces = [];
  for (let at = 0; at < WHOLE.length; at += size) pieces.push(WHOLE.subarray(at, at + size));
  expect(await demux(pieces)).toEqual({ stdout: 'one two', stderr: 'bad' });
});

it.each([1, 7, 9, 11, WHOLE.length - 1])(
  'does not take a stream that ends after %i bytes for a whole one',
  async (length) => {
    await expect(demux([WHOLE.subarray(0, length)])).rejects.toThrow(/cut a stream/);
  },
);

it('refuses a stream that is not multiplexed', async () => {
  await expect(demux([Buffer.from('just some text, no frames')])).rejects.toThrow(/not multiplexed/);
});

it('reads no faster than it is read', async () => {
  let produced = 0;
  const source = function* () {
    for (; produced < 1000; produced++) yield frame(1, 'x'.repeat(64 * 1024));
  };
  const slow = new Writable({ highWaterMark: 1, write: () => undefined });
  const running = pipeline(Readable.from(source()), new Demux(() => undefined), slow).catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(produced).toBeLessThan(50);
  slow.destroy();
  await running;
});
