import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { Engine } from '../../../src/runtime/docker/engine/engine.js';
import { temporaryFolder } from '../../temporary-folder.js';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** What containers carry that may be changed. */
export const OWNER = { 'paasdb.prefix': 'paas' };

/** Speaks HTTP at a unix socket as the Docker Engine does, so that the real client code runs. */
export class FakeEngine implements AsyncDisposable {
  /** Method and URL of every request, in order. */
  readonly requests: string[] = [];
  readonly bodies: string[] = [];
  private readonly folder = temporaryFolder();
  private readonly answers: { pattern: RegExp; answer: Answer }[] = [];
  private readonly sockets = new Set<Duplex>();
  private readonly server = createServer((request, response) => this.handle(request, response));

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    engine.server.on('connection', (socket) => {
      engine.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => engine.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => engine.server.listen(engine.socketPath, resolve));
    return engine;
  }

  get socketPath(): string {
    return join(this.folder.path, 'docker.sock');
  }

  get dockerHost(): string {
    return `unix://${this.socketPath}`;
  }

  /** The real client, for containers with the prefix `paas`. */
  client(callDeadlineMs?: number): Engine {
    const options = callDeadlineMs === undefined ? {} : { callDeadlineMs };
    return new Engine({ owner: OWNER, dockerHost: this.dockerHost, ...options });
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  /** Answers requests whose `METHOD /url` matches; what was said last is asked first. */
  on(pattern: RegExp, answer: Answer): this {
    this.answers.unshift({ pattern, answer });
    return this;
  }

  /** Takes connections over, as an exec does. */
  onUpgrade(take: (socket: Duplex) => void): this {
    this.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      this.requests.push(`${request.method} ${request.url}`);
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      take(socket);
    });
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.folder[Symbol.dispose]();
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const line = `${request.method} ${request.url}`;
    this.requests.push(line);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      this.bodies.push(body);
      const found = this.answers.find(({ pattern }) => pattern.test(line));
      (found?.answer ?? status(404, `No fake answer to ${line}`))(request, response);
    });
  }
}

export function json(value: unknown): Answer {
  return (_, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(value));
  };
}

export function status(code: number, message: string): Answer {
  return (_, response) => {
    response.writeHead(code, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ message }));
  };
}

/** Sends half of what it promised, and then breaks off. */
export function cut(text: string): Answer {
  return (_, response) => {
    response.writeHead(200, { 'Content-Length': text.length });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  };
}

/** Never says anything. */
export const silence: Answer = () => undefined;

/** A frame of Docker's multiplexed streams. */
export function frame(type: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}
