import express from 'express';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Request } from 'express';
import { createHttpServer } from '../../src/http/http-server.js';
import { readUpload } from '../../src/http/read-upload.js';

/** A server that reads bodies with this patience, and a client that has begun to send one. */
async function slowUpload(idleMs: number) {
  const app = express();
  const read: string[] = [];
  let failure: unknown = null;
  app.post('/', async (req: Request, res) => {
    try {
      for await (const piece of readUpload(req, res, idleMs)) read.push(piece.toString());
      res.end('thanks');
    } catch (error) {
      failure = error;
      res.status(400).end();
    }
  });
  const server = createHttpServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\na');
  return {
    server,
    socket,
    read,
    failure: () => failure,
    said: () => said,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

it('has no limit to how long a request takes, but to how long its head does', async () => {
  await using upload = await slowUpload(1000);
  expect(upload.server.requestTimeout).toBe(0);
  expect(upload.server.headersTimeout).toBeGreaterThan(0);
});

it('takes a body that comes slowly, byte by byte', async () => {
  await using upload = await slowUpload(300);
  for (const byte of ['b', 'c', 'd']) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    upload.socket.write(byte);
  }
  await once(upload.socket, 'data');
  expect([upload.read.join(''), upload.said()]).toEqual(['abcd', expect.stringContaining('thanks')]);
});

it('does not wait for a body that comes no more', async () => {
  await using upload = await slowUpload(50);
  await once(upload.socket, 'data');
  expect(upload.failure()).toMatchObject({ code: 'request_timeout', status: 408 });
  expect(upload.said()).toContain('400 Bad Request');
});

it('closes a connection on which somebody was answered who goes on sending', async () => {
  await using upload = await slowUpload(50);
  const closed = once(upload.socket, 'close');
  upload.socket.on('error', () => undefined);
  await once(upload.socket, 'data');
  await closed;
});
