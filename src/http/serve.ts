import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { overlaps, parseCidr, type Cidr } from '../domain/cidr.js';
import type { Logger } from '../domain/logger.js';
import { createHttpServer } from './http-server.js';

const ANY = ['0.0.0.0', '::'];
const PATIENCE_MS = 3000;

export interface ServeOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /**
   * Where the networks of orgs are. On them the API does not answer unless the host is named: who listens on
   * every address would let tenants in at the gateway of their network, or at the daemon's own container.
   */
  tenants: Cidr;
  logger: Logger;
}

/** Serves HTTP. Resolves once it listens; rejects when it cannot. */
export async function serve(
  app: RequestListener,
  { host, port, tenants, logger }: ServeOptions,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createHttpServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: actual, address } = server.address() as AddressInfo;
  if (ANY.includes(address)) refuseTenants(server, tenants, logger);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
  return { url, close: () => close(server) };
}

/** Both ends count: a packet can come in through one network for an address in another. */
function refuseTenants(server: Server, tenants: Cidr, logger: Logger): void {
  // Who is refused may try all day.
  const toldOf = new Set<string>();
  server.on('connection', (socket) => {
    const { localAddress = '', remoteAddress = '' } = socket;
    if (![localAddress, remoteAddress].some((end) => isWithin(end, tenants))) return;
    socket.destroy();
    if (toldOf.has(localAddress)) return;
    toldOf.add(localAddress);
    logger.warn(
      { localAddress, remoteAddress },
      'refused a connection from a network of tenants: PAASDB_HOST does not name this address',
    );
  });
}

/** Lets answers that are under way finish, for a while. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const impatience = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  await closed;
  clearTimeout(impatience);
}

/** @param address of a socket: IPv4, IPv6, or IPv4 as IPv6 writes it */
function isWithin(address: string, range: Cidr): boolean {
  const host = parseCidr(`${address.replace(/^::ffff:/i, '')}/32`);
  return host !== null && overlaps(host, range);
}
