import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary-folder.js';

const ENGINE_SOCKET = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');

/** A request to the engine. */
export interface EngineRequest {
  /** Method and path without names and queries, such as `POST /containers/create`. */
  kind: string;
  /** How many requests that change something came before it; `null` for one that only reads. */
  change: number | null;
}

export type Verdict =
  | 'pass'
  /** The engine does what it was asked to, and the answer breaks off: the caller never learns of it. */
  | 'cut'
  /** The engine never hears of it. */
  | { status: number; message: string };

/** Stands between paasdb and the real engine, to have it fail at a chosen instant. */
export class EngineProxy implements AsyncDisposable {
  readonly seen: EngineRequest[] = [];
  /** Decides on a request before it reaches the engine. */
  decide: (request: EngineRequest) => Verdict = () => 'pass';
  /** Runs after the engine has done it and before the caller is told. */
  done: (request: EngineRequest) => void = () => undefined;
  private changes = 0;
  private readonly folder = temporaryFolder();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((incoming, outgoing) => this.forward(incoming, outgoing));

  static async start(): Promise<EngineProxy> {
    const proxy = new EngineProxy();
    proxy.server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => proxy.sockets.delete(socket));
    });
    proxy.server.on('upgrade', (incoming, socket, head) => proxy.upgrade(incoming, socket as Socket, head));
    await new Promise<void>((resolve) => proxy.server.listen(proxy.socketPath, resolve));
    return proxy;
  }

  /** As when the engine stops: whoever talks to it is cut off. */
  breakConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.breakConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.folder[Symbol.dispose]();
  }

  private get socketPath(): string {
    return join(this.folder.path, 'docker.sock');
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const asked = this.note(incoming);
    const verdict = this.decide(asked);
    if (typeof verdict === 'object') {
      incoming.resume();
      outgoing.writeHead(verdict.status, { 'Content-Type': 'application/json' });
      outgoing.end(JSON.stringify({ message: verdict.message }));
      return;
    }
    const upstream = toEngine(incoming);
    upstream.on('response', (answer) => {
      this.done(asked);
      if (verdict === 'pass') {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      answer.resume();
      outgoing.writeHead(answer.statusCode ?? 502, { 'Content-Length': 1000 });
      outgoing.write('{"Id":', () => outgoing.destroy());
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  }

  /** An exec: a connection that the engine takes over. */
  private upgrade(incoming: IncomingMessage, socket: Socket, head: Buffer): void {
    const asked = this.note(incoming);
    const verdict = this.decide(asked);
    if (typeof verdict === 'object') {
      socket.end(`HTTP/1.1 ${verdict.status} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.sockets.add(socket);
    const upstream = toEngine(incoming);
    upstream.on('upgrade', (_answer, engine: Socket) => {
      this.done(asked);
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      engine.on('error', () => socket.destroy());
      socket.on('close', () => engine.destroy());
      socket.pipe(engine);
      if (verdict === 'pass') engine.pipe(socket);
      else {
        // The program runs; what it says is lost.
        engine.resume();
        socket.end();
      }
    });
    upstream.on('error', () => socket.destroy());
    // Node parses no body of an upgrade: it is the first thing on the connection.
    const length = Number(incoming.headers['content-length'] ?? 0);
    const read = (body: Buffer) => {
      if (body.length < length) {
        socket.once('data', (chunk: Buffer) => {
          socket.pause();
          read(Buffer.concat([body, chunk]));
        });
        return;
      }
      if (body.length > length) socket.unshift(body.subarray(length));
      upstream.end(body.subarray(0, length));
    };
    read(head);
  }

  private note({ method = '', url = '' }: IncomingMessage): EngineRequest {
    const path = url
      .replace(/\?.*/, '')
      .replace(/\/(containers|volumes|networks|exec|images)\/(?!create|json).+?(?=\/\w+$|$)/, '/$1/*');
    const reads = method === 'GET' || method === 'HEAD';
    const asked = { kind: `${method} ${path}`, change: reads ? null : this.changes };
    if (!reads) this.changes += 1;
    this.seen.push(asked);
    return asked;
  }
}

function toEngine({ method, url, headers }: IncomingMessage) {
  return request({ socketPath: ENGINE_SOCKET, method, path: url, headers });
}
