import type { Container } from './engine/container.js';

/** Where the daemon itself reaches a container. */
export interface Address {
  host: string;
  port: number;
}

/**
 * The one place that says how: by its address in the org's network, which the host is part of. `null` while
 * it has none. A daemon in a container joins that network, and comes the same way.
 */
export function addressOf(container: Container, network: string, port: number): Address | null {
  const host = container.attachments.get(network)?.address;
  return host ? { host, port } : null;
}
