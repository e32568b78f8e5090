import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.js';

const ENGINE_SOCKET = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');

/**
 * Stands between a runtime and the real engine, and breaks the answer to one request off: the engine has done
 * what it was asked to, and the runtime never learns of it.
 */
export class CuttingProxy implements AsyncDisposable {
  /** The kinds of requests that came, such as `POST /containers/create`. */
  readonly seen = new Set<string>();
  /** The kind whose next answer is broken off. */
  cutNext: string | null = null;
  cuts = 0;
  private readonly folder = temporaryFolder();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((incoming, outgoing) => {
    const kind = kindOf(incoming);
    this.seen.add(kind);
    const upstream = request(
      { socketPath: ENGINE_SOCKET, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (answer) => {
        if (!this.takeCut(kind)) {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(outgoing);
          return;
        }
        answer.resume();
        outgoing.writeHead(answer.statusCode ?? 502, { 'Content-Length': 1000 });
        outgoing.write('{"Id":', () => outgoing.destroy());
      },
    );
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });

  static async start(): Promise<CuttingProxy> {
    const proxy = new CuttingProxy();
    proxy.server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => proxy.sockets.delete(socket));
    });
    proxy.server.on('upgrade', (incoming, socket, head) => proxy.upgrade(incoming, socket as Socket, head));
    await new Promise<void>((resolve) => proxy.server.listen(proxy.socketPath, resolve));
    return proxy;
  }

  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.folder[Symbol.dispose]();
  }

  private get socketPath(): string {
    return join(this.folder.path, 'docker.sock');
  }

  private takeCut(kind: string): boolean {
    if (this.cutNext !== kind) return false;
    this.cutNext = null;
    this.cuts += 1;
    return true;
  }

  /** An exec, whose body comes on the connection that is taken over. */
  private upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const kind = kindOf(incoming);
    this.seen.add(kind);
    const { method, url, headers } = incoming;
    const upstream = request({ socketPath: ENGINE_SOCKET, method, path: url, headers });
    this.sockets.add(socket);
    upstream.on('upgrade', (_answer, engine: Socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      engine.on('error', () => socket.destroy());
      if (this.takeCut(kind)) {
        // The program runs; what it says is lost.
        engine.resume();
        socket.end();
        socket.pipe(engine);
        return;
      }
      socket.pipe(engine).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    // Node parses no body of an upgrade: it is the first thing on the connection.
    const length = Number(headers['content-length'] ?? 0);
    const finish = (body: Buffer) => {
      if (body.length > length) socket.unshift(body.subarray(length));
      upstream.end(body.subarray(0, length));
    };
    const read = (body: Buffer) => {
      if (body.length >= length) {
        finish(body);
        return;
      }
      socket.once('data', (chunk: Buffer) => {
        socket.pause();
        read(Buffer.concat([body, chunk]));
      });
    };
    read(head);
  }
}

function kindOf({ method = '', url = '' }: IncomingMessage): string {
  const path = url
    .replace(/\?.*/, '')
    .replace(/\/(containers|volumes|networks|exec|images)\/(?!create|json).+?(?=\/\w+$|$)/, '/$1/*');
  return `${method} ${path}`;
}
