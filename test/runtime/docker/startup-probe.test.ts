import { createServer, type Socket } from 'node:net';
import { probeStartup } from '../../../src/runtime/docker/startup-probe.js';

/** A server that does this with every connection, for as long as the test runs. */
async function probing(behave: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    return await probeStartup({ host: '127.0.0.1', port }, 200);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

function error(code: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C${code}\0Mtext\0\0`);
  const head = Buffer.from([69, 0, 0, 0, fields.length + 4]);
  return Buffer.concat([head, fields]);
}

const AUTHENTICATION = Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, 10]);

it('greets as a client and leaves before the password', async () => {
  let greeting = Buffer.alloc(0);
  const state = await probing((socket) =>
    socket.on('data', (chunk: Buffer) => {
      greeting = Buffer.concat([greeting, chunk]);
      socket.write(AUTHENTICATION);
    }),
  );
  expect(state).toBe('ready');
  expect(greeting.readInt32BE(0)).toBe(greeting.length);
  expect(greeting.subarray(4).toString()).toBe('\0\x03\0\0user\0postgres\0database\0app\0\0');
});

it.each([
  ['is starting up', '57P03', 'starting'],
  ['does not like the user', '28000', 'ready'],
  ['is full', '53300', 'ready'],
])('a server that %s is %s: %s', async (_, code, state) => {
  expect(await probing((socket) => socket.write(error(code)))).toBe(state);
});

it('puts an answer together that comes in pieces', async () => {
  const state = await probing((socket) => {
    const message = error('57P03');
    socket.write(message.subarray(0, 3));
    setTimeout(() => socket.write(message.subarray(3, 9)), 10);
    setTimeout(() => socket.write(message.subarray(9)), 20);
  });
  expect(state).toBe('starting');
});

it.each<[string, (socket: Socket) => void]>([
  ['hangs up', (socket) => socket.end()],
  ['breaks off', (socket) => socket.destroy()],
  ['says nothing', () => undefined],
  ['speaks another language', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n')],
])('what %s is no server', async (_, behave) => {
  expect(await probing(behave)).toBe('closed');
});

it('nothing is no server', async () => {
  expect(await probeStartup({ host: '127.0.0.1', port: 1 }, 200)).toBe('closed');
});
