import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENGINE_SOCKET = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');

/** A request that changes something in the engine. */
export interface Change {
  /** Counts from 0. */
  index: number;
  /** Method and path without ids and queries, such as `POST /containers/create`. */
  name: string;
}

/** What happens to a change: whatever the hook does first, then it passes unless it is answered here. */
export type Verdict = { pass: true } | { pass: false; status: number; message: string };

export interface FaultHooks {
  /** Runs before a change reaches the engine. */
  before?: (change: Change) => Verdict;
  /** Runs after the engine has done it and before the daemon is told. */
  after?: (change: Change) => void;
}

/** Stands between a daemon and the real engine, to have it fail at a chosen instant. */
export class FaultProxy implements AsyncDisposable {
  readonly changes: Change[] = [];
  hooks: FaultHooks = {};
  private readonly folder = mkdtempSync(join(tmpdir(), 'paasdb-proxy-'));
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<FaultProxy> {
    const server = createServer();
    const proxy = new FaultProxy(server);
    server.on('request', (req, res) => proxy.forward(req, res));
    server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) =>
      proxy.upgrade(req, socket, head),
    );
    server.on('connection', (socket) => {
      proxy.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => proxy.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(proxy.socketPath, resolve));
    return proxy;
  }

  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get socketPath(): string {
    return join(this.folder, 'docker.sock');
  }

  private forward(req: IncomingMessage, res: ServerResponse): void {
    const change = this.changeOf(req);
    const verdict = change && this.hooks.before?.(change);
    if (verdict?.pass === false) {
      req.resume();
      res.writeHead(verdict.status, { 'Content-Type': 'application/json' });
      res.end(JSON.stringify({ message: verdict.message }));
      return;
    }
    const upstream = this.toEngine(req);
    upstream.on('response', (answer) => {
      if (change) this.hooks.after?.(change);
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    upstream.on('error', () => res.destroy());
    res.on('close', () => upstream.destroy());
    req.pipe(upstream);
  }

  /** An exec is a connection that the engine takes over. */
  private upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const change = this.changeOf(req);
    const verdict = change && this.hooks.before?.(change);
    if (verdict?.pass === false) {
      socket.end(`HTTP/1.1 ${verdict.status} Fault\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const upstream = this.toEngine(req);
    upstream.on('upgrade', (answer, engineSocket: Socket, engineHead: Buffer) => {
      if (change) this.hooks.after?.(change);
      const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
      socket.write(`HTTP/1.1 101 UPGRADED\r\n${headers.join('')}\r\n`);
      socket.write(engineHead);
      engineSocket.pipe(socket).pipe(engineSocket);
      engineSocket.on('error', () => socket.destroy());
      socket.on('close', () => engineSocket.destroy());
    });
    upstream.on('error', () => socket.destroy());
    // Node parses no body of an upgrade: it is what comes first on the socket.
    let missing = Number(req.headers['content-length'] ?? 0) - head.length;
    upstream.write(head);
    const takeBody = (chunk: Buffer) => {
      upstream.write(chunk.subarray(0, missing));
      if (chunk.length > missing) socket.unshift(chunk.subarray(missing));
      missing -= Math.min(missing, chunk.length);
      if (missing === 0) finish();
    };
    const finish = () => {
      socket.off('data', takeBody);
      socket.pause();
      upstream.end();
    };
    if (missing > 0) socket.on('data', takeBody);
    else finish();
  }

  private toEngine(req: IncomingMessage) {
    return request({ socketPath: ENGINE_SOCKET, method: req.method, path: req.url, headers: req.headers });
  }

  private changeOf(req: IncomingMessage): Change | undefined {
    if (req.method === 'GET' || req.method === 'HEAD') return undefined;
    const path = (req.url ?? '').replace(/\?.*/, '').replace(/^\/v[\d.]+/, '');
    const name = `${req.method} ${path.replace(/\/(containers|volumes|networks|exec)\/(?!create)[^/]+/, '/$1/*')}`;
    const change = { index: this.changes.length, name };
    this.changes.push(change);
    return change;
  }
}
