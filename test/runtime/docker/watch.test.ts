import type { ServerResponse } from 'node:http';
import { watchEngine } from '../../../src/runtime/docker/watch.js';
import { MemoryLogger } from '../../memory-logger.js';
import { FakeEngine, status } from './fake-engine.js';

let fake: FakeEngine;
let stream: ServerResponse;
let hints: number;
let gone: AbortController;
let watching: Promise<void>;
beforeEach(async () => {
  fake = await FakeEngine.start();
  fake.on(/GET \/events/, (_, response) => {
    stream = response;
    response.writeHead(200).flushHeaders();
  });
  hints = 0;
  gone = new AbortController();
});
afterEach(async () => {
  gone.abort();
  await watching;
  await fake[Symbol.asyncDispose]();
});

function watch(): void {
  watching = watchEngine(
    {
      engine: fake.client(500),
      prefix: 'paas',
      ownName: (name) => name.startsWith('paas'),
      logger: new MemoryLogger(),
    },
    () => (hints += 1),
    gone.signal,
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const event = (Type: string, attributes: object) =>
  `${JSON.stringify({ Type, Action: 'die', Actor: { ID: 'x', Attributes: attributes } })}\n`;

it('hints once it is connected, and at what concerns us', async () => {
  watch();
  await until(() => hints === 1);
  expect(decodeURIComponent(fake.requests[0] ?? '')).toContain('"type":["container","network","volume"]');
  stream.write(event('container', { 'paasdb.prefix': 'other' }));
  stream.write(event('network', { name: 'other' }));
  stream.write('not json\n{}\n');
  stream.write(event('container', { 'paasdb.prefix': 'paas' }));
  stream.write(event('network', { name: 'paas-apps' }));
  await until(() => hints === 3);
});

it.each(['end', 'destroy'] as const)('connects again after the engine does %s, and hints', async (verb) => {
  watch();
  await until(() => hints === 1);
  stream[verb]();
  await until(() => hints === 2);
  expect(fake.requests).toHaveLength(2);
});

it('goes on trying while the engine refuses', async () => {
  fake.on(/events/, status(500, 'boom'));
  watch();
  await until(() => fake.requests.length >= 2);
  expect(hints).toBe(0);
});

it('resolves when aborted, and lets go of its connection', async () => {
  watch();
  await until(() => hints === 1);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  gone.abort();
  await watching;
  await closed;
});

it('resolves at once when it was aborted before', async () => {
  gone.abort();
  watch();
  await watching;
  expect(fake.requests).toEqual([]);
});
