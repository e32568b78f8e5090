import { setTimeout as pause } from 'node:timers/promises';
import { DumpStream } from '../../../../src/runtime/docker/dump/dump-stream.js';
import { TRAILER } from '../../../../src/runtime/docker/engine/guarded.js';
import { StallWatch } from '../../../../src/runtime/docker/engine/stall-watch.js';

const never = new AbortController().signal;

async function* pieces(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    await pause(1);
    yield Buffer.from(text);
  }
}

function archiveOf(stdout: AsyncIterable<Buffer>, exitCode = 0, stderr = ''): DumpStream {
  const program = { stdout, exit: () => Promise.resolve({ exitCode, stderr }) };
  return new DumpStream(program, new StallWatch(60_000, () => undefined), never);
}

async function read(archive: DumpStream): Promise<string> {
  let text = '';
  for await (const chunk of archive) text += chunk.toString();
  return text;
}

it('is whole when pg_dump says so, however it is cut into pieces', async () => {
  const archive = archiveOf(
    pieces('PG', 'DMP and', ' so on', TRAILER.toString('utf8', 0, 5), TRAILER.toString('utf8', 5)),
  );
  expect(await read(archive)).toBe('PGDMP and so on');
  expect(archive).toMatchObject({ complete: true, failure: null });
});

it('is not whole without its end, though pg_dump ended well', async () => {
  const archive = archiveOf(pieces('PGDMP and', ' so on', TRAILER.toString('utf8', 0, TRAILER.length - 1)));
  await expect(read(archive)).rejects.toThrow(/lost before the archive was through/);
  expect(archive.complete).toBe(false);
});

it.each([
  ['was killed', pieces(`PGDMP${'.'.repeat(99)}`), 137, 'Killed', /pg_dump ended with 137: Killed/],
  [
    'was killed without a word',
    pieces(`PGDMP${'.'.repeat(99)}`),
    137,
    '',
    /137 and said nothing: it was killed, or the conn/,
  ],
  ['never ran', pieces('OCI runtime exec failed: no sh'), 126, '', /ended with 126: OCI runtime exec failed/],
  ['said nothing at all', pieces(), 0, '', /ended with 0 and said nothing/],
  ['said less than a word', pieces('PGD'), 0, '', /ended with 0: PGD/],
  ['was refused a lock', pieces(), 1, 'ERROR: canceling … due to lock timeout', /A migration holds a table/],
])('rejects before it ends when pg_dump %s', async (_, stdout, exitCode, stderr, message) => {
  const archive = archiveOf(stdout, exitCode, stderr);
  await expect(read(archive)).rejects.toMatchObject({
    code: 'dump_failed',
    message: expect.stringMatching(message),
  });
  expect(archive.complete).toBe(false);
  expect(archive.failure).not.toBeNull();
});

it('hands nothing on that is no archive', async () => {
  const seen: string[] = [];
  const consume = async () => {
    for await (const chunk of archiveOf(pieces('OCI runtime', ' failed'), 126)) seen.push(chunk.toString());
  };
  await expect(consume()).rejects.toThrow(/OCI runtime failed|OCI runtime/);
  expect(seen).toEqual([]);
});

it('stalls when nothing comes, and not when nobody reads', async () => {
  let stalls = 0;
  const watch = new StallWatch(50, () => (stalls += 1));
  for await (const piece of watch.over(pieces('a', 'b'))) if (piece.length > 0) await pause(100);
  expect(stalls).toBe(0);
  const slow = async function* () {
    await pause(100);
    yield 'late';
  };
  for await (const piece of watch.over(slow())) expect(piece).toBe('late');
  expect(stalls).toBe(1);
});
