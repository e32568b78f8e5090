import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';

/** How long somebody may go on sending what was answered already and nobody reads. */
const LINGER_MS = 2000;

/** How long the head of a request may take. */
const HEAD_MS = 60_000;

/**
 * A server for bodies of any length. Node's limit of five minutes to a whole request would cut a long upload however
 * well it goes: who reads a body looks after its pace. And nobody is told to go on (`Expect: 100-continue`) before
 * somebody reads.
 */
export function createHttpServer(app: RequestListener): Server {
  const listener: RequestListener = (request, response) => {
    response.once('finish', () => closeUnread(request));
    app(request, response);
  };
  const server = createServer({ requestTimeout: 0, headersTimeout: HEAD_MS }, listener);
  server.on('checkContinue', listener);
  return server;
}

/** Whoever was refused in the middle of a body has time to see it; then the rest is not waited for. */
function closeUnread(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  for (const event of ['end', 'close'] as const) request.once(event, () => clearTimeout(linger));
}
