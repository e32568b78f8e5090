import { existsSync, readdirSync, rmSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import S3rver from 's3rver';
import type { Bucket } from '../../src/domain/bucket.js';
import { temporaryFolder } from '../temporary-folder.js';

/** What becomes of a request instead of being answered by the server behind. */
export type Fault =
  | { status: number; body?: string; headers?: Record<string, string> }
  /** The connection ends before or after the server has done it, or in the middle of its answer. */
  | 'cut before'
  | 'cut after'
  | 'cut within'
  | 'hang'
  /** It takes its time. */
  | 'slow';

export interface Request {
  method: string;
  /** With the query. */
  path: string;
  headers: IncomingMessage['headers'];
}

/** A real server of S3's protocol with a bucket, behind a proxy that can fail whatever passes. */
export interface S3Server extends AsyncDisposable {
  bucket: Bucket;
  /** All that passed, in order. */
  requests: Request[];
  /** What happens to requests; `null`: nothing. */
  fault: (request: Request) => Fault | null;
  /** Called when the server behind has done what was asked, and the whole answer goes to the client. */
  onAnswer: (request: Request) => void;
  /** The keys of all objects, in order, and none of the parts of what was not finished. */
  keys: () => Promise<string[]>;
  read: (key: string) => Promise<Buffer>;
  put: (key: string, content: string | Buffer) => Promise<void>;
  remove: (key: string) => Promise<void>;
  /** How many uploads were begun and neither finished nor taken back. */
  unfinished: () => number;
  /** No one answers any more, until `up`. */
  down: () => Promise<void>;
  up: () => Promise<void>;
}

const BUCKET = 'copies';

export async function startS3(): Promise<S3Server> {
  const folder = temporaryFolder();
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory: join(folder.path, 's3'),
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: BUCKET }],
  });
  const behind = await server.run();
  const requests: Request[] = [];
  const uploads = join(folder.path, 's3', BUCKET, '._S3rver_uploads');

  const pass = async (incoming: IncomingMessage, answer: ServerResponse) => {
    const { method = '', url: path = '', headers } = incoming;
    const passing = { method, path, headers };
    requests.push(passing);
    const fault = s3.fault(passing);
    incoming.on('error', () => undefined);
    answer.on('error', () => undefined);
    if (fault === 'cut before') return void incoming.socket.destroy();
    if (fault === 'hang') return void incoming.resume();
    if (fault !== null && typeof fault === 'object') {
      incoming.resume();
      answer.writeHead(fault.status, { 'Content-Type': 'application/xml', ...fault.headers });
      return void answer.end(fault.body ?? '');
    }
    if (fault === 'slow') await sleep(300);
    const upload = new URL(path, 'http://s3').searchParams.get('uploadId');
    if (method === 'DELETE' && upload !== null) {
      // The one request of ours that s3rver does not know: it takes back the parts of an upload.
      const known = existsSync(join(uploads, upload));
      rmSync(join(uploads, upload), { recursive: true, force: true });
      answer.writeHead(known ? 204 : 404, { 'Content-Type': 'application/xml' });
      return void answer.end(known ? '' : '<Error><Code>NoSuchUpload</Code></Error>');
    }
    if (fault === null || fault === 'slow') answer.once('finish', () => s3.onAnswer(passing));
    forward(incoming, answer, { port: behind.port, fault });
  };
  const proxy = createServer((incoming, answer) => void pass(incoming, answer));
  const listen = (port: number) =>
    new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', () => resolve()));
  await listen(0);
  const { port } = proxy.address() as AddressInfo;
  const down = async () => {
    proxy.closeAllConnections();
    if (proxy.listening) await new Promise((resolve) => proxy.close(resolve));
  };

  const s3: S3Server = {
    bucket: {
      endpoint: `http://127.0.0.1:${port}`,
      name: BUCKET,
      region: 'us-east-1',
      prefix: '',
      accessKeyId: 'S3RVER',
      secretAccessKey: 'S3RVER',
      pathStyle: true,
    },
    requests,
    fault: () => null,
    onAnswer: () => undefined,
    keys: () => listKeys(server),
    read: async (key) => {
      const { content } = await server.store.getObject(BUCKET, key);
      const pieces: Buffer[] = [];
      for await (const piece of content) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    put: async (key, content) => {
      const metadata = { 'content-type': 'text/plain' };
      const body = Readable.from([Buffer.from(content)]);
      await server.store.putObject({ bucket: BUCKET, key, content: body, metadata });
    },
    remove: (key) => server.store.deleteObject(BUCKET, key),
    unfinished: () => (existsSync(uploads) ? readdirSync(uploads).length : 0),
    down,
    up: () => listen(port),
    async [Symbol.asyncDispose]() {
      await down();
      await server.close();
      folder[Symbol.dispose]();
    },
  };
  return s3;
}

/** The whole answer is waited for before any of it goes on, so that a fault can be about all of it. */
function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  { port, fault }: { port: number; fault: Fault | null },
): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path, headers }, (found) => {
    const pieces: Buffer[] = [];
    found.on('data', (piece: Buffer) => pieces.push(piece));
    found.on('end', () => {
      if (fault === 'cut after') return void incoming.socket.destroy();
      const body = Buffer.concat(pieces);
      answer.writeHead(found.statusCode ?? 500, found.headers);
      if (fault !== 'cut within') return void answer.end(body);
      answer.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
    });
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.on('close', () => {
    if (!incoming.complete) onward.destroy();
  });
  incoming.pipe(onward);
}

async function listKeys(server: S3rver): Promise<string[]> {
  const { objects } = await server.store.listObjects(BUCKET, { maxKeys: 10_000 });
  return objects.map(({ key }) => key).sort();
}
