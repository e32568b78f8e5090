import { Readable } from 'node:stream';
import type { RunningProgram } from '../../../../src/runtime/docker/engine/exec.js';
import { serveContainers } from '../fake-containers.js';
import { FakeEngine, frame, json } from '../fake-engine.js';

const never = new AbortController().signal;
const REQUEST = { containerId: 'c1', argv: ['pg_dump', '-Fc'], user: 'postgres', stdin: null };

let fake: FakeEngine;
beforeEach(async () => {
  fake = await FakeEngine.start();
  serveContainers(fake, [{ id: 'c1', name: 'paas-db-1a' }]);
  fake.on(/POST \/containers\/c1\/exec/, json({ Id: 'e1' }));
  fake.on(/GET \/exec\/e1\/json/, json({ Running: false, ExitCode: 3 }));
});
afterEach(() => fake[Symbol.asyncDispose]());

async function collect({ stdout, exit }: RunningProgram) {
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) chunks.push(chunk);
  return { ...(await exit()), stdout: String(Buffer.concat(chunks)) };
}

function follow<T>(use: (program: RunningProgram) => Promise<T>, signal = never): Promise<T> {
  return fake.client().execs.follow(REQUEST, use, signal);
}

it('hands on what a program prints, and how it ended', async () => {
  fake.onUpgrade((socket) => {
    socket.write(frame(1, 'one '));
    socket.write(frame(2, 'hm'));
    socket.end(frame(1, 'two'));
  });
  expect(await follow(collect)).toEqual({ stdout: 'one two', stderr: 'hm', exitCode: 3 });
});

it('gives the program its environment, and tells it by stdin that nobody listens any more', async () => {
  const ended = new Promise<void>((resolve) => {
    fake.onUpgrade((socket) => {
      socket.write(frame(1, 'more'));
      socket.once('end', resolve).resume();
    });
  });
  const use = async ({ stdout }: RunningProgram) => {
    for await (const chunk of stdout) throw new Error(`no room for ${String(chunk)}`);
  };
  const request = { ...REQUEST, env: { LC_ALL: 'C' } };
  await expect(fake.client().execs.follow(request, use, never)).rejects.toThrow('no room for more');
  await ended;
  expect(fake.bodies.find((body) => body.includes('Cmd'))).toContain('"Env":["LC_ALL=C"]');
});

it('rejects when the connection is cut in the middle of a frame', async () => {
  fake.onUpgrade((socket) => {
    socket.write(frame(1, 'part'));
    socket.end(frame(1, 'complete').subarray(0, 12));
  });
  await expect(follow(collect)).rejects.toMatchObject({ code: 'unavailable' });
});

it('waits for what is at something else when the connection is cut', async () => {
  fake.onUpgrade((socket) => socket.destroy());
  let isThrough = false;
  const use = async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    isThrough = true;
    throw new Error('found out later');
  };
  await expect(follow(use)).rejects.toThrow('found out later');
  expect(isThrough).toBe(true);
});

it('lets go of the connection when it is aborted', async () => {
  fake.onUpgrade((socket) => socket.write(frame(1, 'part')));
  const controller = new AbortController();
  const use = async ({ stdout }: RunningProgram) => {
    for await (const chunk of stdout) if (chunk.length > 0) controller.abort();
  };
  await expect(follow(use, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
});

it('reads no faster than it is listened to', async () => {
  let written = 0;
  fake.onUpgrade((socket) => {
    const block = frame(1, 'x'.repeat(64 * 1024));
    const pump = () => {
      if (written > 64 * 1024 ** 2) return;
      do written += block.length;
      while (socket.write(block) && written < 64 * 1024 ** 2);
    };
    socket.on('drain', pump);
    pump();
  });
  const use = async ({ stdout }: RunningProgram) => {
    for await (const chunk of stdout) {
      expect(chunk.length).toBeGreaterThan(0);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return;
    }
  };
  await follow(use);
  expect(written).toBeLessThan(4 * 1024 ** 2);
});

describe('what a program reads', () => {
  const BLOCK = Buffer.alloc(64 * 1024, 'x');

  function run(stdin: AsyncIterable<Buffer>, onStderr?: (chunk: Buffer) => void) {
    const request = { ...REQUEST, stdin, ...(onStderr && { onStderr }) };
    return fake.client().execs.follow(request, collect, never);
  }

  it('comes in pieces, and ends with the last', async () => {
    let read = 0;
    fake.onUpgrade((socket) => {
      socket.on('data', (chunk: Buffer) => (read += chunk.length));
      // It answers only to the end of what it reads.
      socket.once('end', () => socket.end(frame(1, `${read} bytes`)));
    });
    expect(await run(Readable.from([BLOCK, BLOCK, Buffer.from('!')]))).toMatchObject({
      stdout: '131073 bytes',
    });
  });

  it('is sent no faster than it is read', async () => {
    let given = 0;
    async function* endless() {
      for (;;) {
        await Promise.resolve();
        given += BLOCK.length;
        yield BLOCK;
      }
    }
    fake.onUpgrade((socket) => {
      socket.pause();
      setTimeout(() => socket.end(frame(1, 'enough')), 300);
    });
    expect(await run(endless())).toMatchObject({ stdout: 'enough', exitCode: 3 });
    expect(given).toBeLessThan(4 * 1024 ** 2);
  });

  it('fails the whole when it cannot be had', async () => {
    const reason = new Error('the store is gone');
    async function* broken() {
      yield await Promise.resolve(BLOCK);
      throw reason;
    }
    fake.onUpgrade((socket) => socket.resume());
    await expect(run(broken())).rejects.toBe(reason);
  });

  it('can be answered on stderr as it comes', async () => {
    const said: string[] = [];
    fake.onUpgrade((socket) => {
      socket.write(frame(2, 'one'));
      socket.end(frame(2, 'two'));
    });
    await run(Readable.from([]), (chunk) => said.push(String(chunk)));
    expect(said.join('')).toBe('onetwo');
  });
});
