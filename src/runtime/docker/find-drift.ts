import type { DatabaseSpec } from '../runtime.js';
import { matches } from './blueprint.js';
import type { Blueprints } from './blueprints.js';
import type { ListedContainer } from './engine/container.js';
import type { Network } from './engine/networks.js';
import type { Volume } from './engine/volumes.js';
import type { Names } from './names.js';

/** Everything that is ours on the engine, as lists tell it. */
export interface Inventory {
  containers: readonly ListedContainer[];
  networks: readonly Network[];
  volumes: readonly Volume[];
}

/**
 * Why a database does not match its spec; `null` when it does as far as lists tell.
 *
 * @param wanted what its containers would be made as
 */
export function driftOf(
  spec: DatabaseSpec,
  wanted: Blueprints,
  names: Names,
  { containers, networks, volumes }: InventoryIndex,
): string | null {
  const networkName = names.network(spec.org);
  const network = networks.get(networkName);
  if (!network) return `network ${networkName} is missing`;
  if (!volumes.has(names.volume(spec.volumeId))) return `volume ${names.volume(spec.volumeId)} is missing`;
  for (const blueprint of [wanted.postgres, wanted.pooler]) {
    const { name } = blueprint;
    const container = containers.get(name);
    if (!container) return `container ${name} is missing`;
    if (container.status !== 'running') return `container ${name} is ${container.status}`;
    if (!matches(container, blueprint, 'spec')) return `container ${name} has another configuration`;
    if (container.attachments.get(networkName)?.networkId !== network.id) {
      return `container ${name} is not in network ${networkName}`;
    }
  }
  return null;
}

export interface InventoryIndex {
  containers: ReadonlyMap<string, ListedContainer>;
  networks: ReadonlyMap<string, Network>;
  volumes: ReadonlySet<string>;
}

export function indexOf({ containers, networks, volumes }: Inventory): InventoryIndex {
  return {
    containers: new Map(containers.map((container) => [container.name, container])),
    networks: new Map(networks.map((network) => [network.name, network])),
    volumes: new Set(volumes.map(({ name }) => name)),
  };
}
