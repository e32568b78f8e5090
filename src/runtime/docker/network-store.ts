import { networkInterfaces } from 'node:os';
import { formatCidr, parseCidr, type Cidr } from '../../domain/cidr.js';
import { RuntimeError } from '../runtime-error.js';
import type { Engine } from './engine/engine.js';
import { hasStatus } from './engine/engine-error.js';
import type { Network } from './engine/networks.js';
import type { Labels } from './engine/label-filter.js';
import { kindLabels, networkLabels } from './labels.js';
import type { Names } from './names.js';
import type { OwnContainer } from './own-container.js';
import { Serial } from './serial.js';
import { freeSubnets } from './subnets.js';

export interface NetworkStoreDeps {
  engine: Engine;
  prefix: string;
  names: Names;
  subnetPool: Cidr;
  ownContainer: OwnContainer;
}

/** The networks of orgs, and the one with a way out. */
export class NetworkStore {
  private readonly serial = new Serial();

  constructor(private readonly deps: NetworkStoreDeps) {}

  /**
   * Makes the network of an org unless it is there, and enters it. One at a time: two would choose the same
   * subnet.
   */
  ensure(org: string, signal: AbortSignal): Promise<void> {
    return this.serial.run(async () => {
      await this.ensureAlone(org, signal);
      await this.enterAlone(org, signal);
    });
  }

  /** Makes the one network with a way out unless it is there. Containers in it do not reach each other. */
  ensureOutside(signal: AbortSignal): Promise<void> {
    const { prefix, names } = this.deps;
    const labels = kindLabels(prefix, 'outside');
    return this.serial.run(() => this.make(names.outside, labels, OUTSIDE, signal));
  }

  /**
   * Has this process reach the containers in the network of an org, if that is there. The host reaches them
   * all; a daemon in a container has to be in the network too, and an upgrade makes that container anew.
   */
  async enter(org: string, signal: AbortSignal): Promise<void> {
    if (!this.deps.ownContainer.isSuspected) return;
    await this.serial.run(() => this.enterAlone(org, signal));
  }

  private async enterAlone(org: string, signal: AbortSignal): Promise<void> {
    const { engine, ownContainer } = this.deps;
    const self = await ownContainer.inspect(signal);
    // One in the host's network reaches what the host does.
    if (!self || self.attachments.has('host')) return;
    const network = await this.find(org, signal);
    if (!network || self.attachments.get(network.name)?.networkId === network.id) return;
    await engine.networks.connect(network.id, self.id, signal);
  }

  private async find(org: string, signal: AbortSignal): Promise<Network | undefined> {
    const { engine, prefix, names } = this.deps;
    const ours = await engine.networks.list(networkLabels(prefix, org), signal);
    return ours.find(({ name }) => name === names.network(org));
  }

  private async ensureAlone(org: string, signal: AbortSignal): Promise<void> {
    const { prefix, names } = this.deps;
    await this.make(names.network(org), networkLabels(prefix, org), INSIDE, signal);
  }

  private async make(name: string, labels: Labels, manner: object, signal: AbortSignal): Promise<void> {
    const { engine, subnetPool } = this.deps;
    const ours = await engine.networks.list(labels, signal);
    if (ours.some((network) => network.name === name)) return;

    const taken = (await engine.networks.list({}, signal)).flatMap((network) => network.subnets);
    for (const subnet of freeSubnets(subnetPool, [...taken, ...hostRanges()])) {
      try {
        await engine.networks.create(name, { ...manner, ...bridge(subnet, labels) }, signal);
        return;
      } catch (error) {
        if (hasStatus(error, 409)) {
          const message = `There is a network ${name} that paasdb did not make: remove it, or set another PAASDB_NETWORK`;
          throw new RuntimeError('conflict', message, { cause: error });
        }
        // Somebody else was faster, or the engine knows of a range that it does not list.
        if (!(error instanceof Error && /pool overlaps/i.test(error.message))) throw error;
      }
    }
    const message = `There is no free subnet left in ${formatCidr(subnetPool)}: set a larger PAASDB_SUBNET_POOL`;
    throw new RuntimeError('conflict', message);
  }
}

/** No way out and no way in but from the host itself. */
const INSIDE = { Driver: 'bridge', Internal: true };

/** Two that load for different orgs have nothing to say to each other. */
const OUTSIDE = { Driver: 'bridge', Options: { 'com.docker.network.bridge.enable_icc': 'false' } };

function bridge(subnet: Cidr, labels: Labels): object {
  return {
    IPAM: { Driver: 'default', Config: [{ Subnet: formatCidr(subnet) }] },
    Labels: labels,
  };
}

/**
 * The ranges the host itself is in, VPNs for example: Docker would take them without a word. In a container they
 * are those of the container, and the operator has to choose a pool that the host is not in.
 */
function hostRanges(): Cidr[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ cidr }) => rangeOf(cidr ?? ''))
    .filter((range) => range !== null);
}

/** The range that an interface's address lies in: `10.1.2.3/24` is in `10.1.2.0/24`. */
function rangeOf(cidr: string): Cidr | null {
  const [address, bits] = cidr.split('/');
  const whole = parseCidr(`${address ?? ''}/32`);
  if (!whole) return null;
  const size = 2 ** (32 - Number(bits));
  return { base: Math.floor(whole.base / size) * size, bits: Number(bits) };
}
