import type { DatabaseSpec } from '../runtime.js';
import { addressOf } from './address.js';
import { matches, type Blueprint, type Match } from './blueprint.js';
import type { Blueprints } from './blueprints.js';
import { dataLayout } from './data-layout.js';
import type { Container, ListedContainer } from './engine/container.js';
import type { Engine } from './engine/engine.js';
import { carries } from './engine/label-filter.js';
import type { ImageFacts } from './image-facts.js';
import { InterruptedError } from './interrupted-error.js';
import { isGoing } from './is-going.js';
import { containerFilter, networkLabels, volumeIdentity } from './labels.js';
import { tryLogin } from './login.js';
import { parseMarker } from './marker.js';
import { has, hasOnly } from './mounts.js';
import type { Names } from './names.js';
import type { Observation, PoolerObservation, PostgresObservation } from './observation.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';

export interface ObserveDeps {
  engine: Engine;
  imageFacts: ImageFacts;
  prefix: string;
  names: Names;
}

/** Looks at all there is of one database. Nothing is changed. */
export async function observe(
  deps: ObserveDeps,
  spec: DatabaseSpec,
  { wanted, match }: { wanted: Blueprints; match: Match },
  signal: AbortSignal,
): Promise<Observation> {
  const { engine, prefix, names } = deps;
  const volumeName = names.volume(spec.volumeId);
  const networkName = names.network(spec.org);
  const [containers, networks, volume, users] = await Promise.all([
    engine.containers.list(containerFilter(prefix, spec.id), signal),
    engine.networks.list(networkLabels(prefix, spec.org), signal),
    engine.volumes.inspect(volumeName, signal),
    engine.containers.listUsing(volumeName, signal),
  ]);
  const network = networks.find(({ name }) => name === networkName);
  const find = (name: string) => containers.find((container) => container.name === name);
  const look = new ContainerLook(
    deps,
    spec,
    { match, network: { name: networkName, id: network?.id ?? null } },
    signal,
  );
  const [postgres, poolerContainer] = await Promise.all([
    look.postgres(find(wanted.postgres.name), wanted.postgres),
    look.inspect(find(wanted.pooler.name)),
  ]);
  // A login through a pooler whose server is down or full would hang, and have it wait before the next.
  const pooler =
    poolerContainer && (await look.pooler(poolerContainer, wanted.pooler, postgres?.login === 'works'));
  const isOurs = volume !== null && carries(volume.labels, volumeIdentity(prefix, spec.volumeId));
  return {
    network: network ? (network.internal ? 'ours' : 'foreign') : 'missing',
    volume: volume ? (isOurs ? 'ours' : 'foreign') : 'missing',
    volumeUser:
      users.find(({ name, status }) => name !== wanted.postgres.name && !AT_REST.includes(status))?.name ??
      null,
    postgres,
    pooler,
  };
}

const LOGIN_TIMEOUT_MS = 3_000;

/** What a container is that writes nothing, and will not unless somebody starts it. */
const AT_REST: readonly Container['status'][] = ['created', 'exited', 'dead', 'removing'];

/** Looks at the containers of one database. */
class ContainerLook {
  constructor(
    private readonly deps: ObserveDeps,
    private readonly spec: DatabaseSpec,
    private readonly wish: { match: Match; network: { name: string; id: string | null } },
    private readonly signal: AbortSignal,
  ) {}

  async inspect(listed: ListedContainer | undefined): Promise<Container | null> {
    return listed ? this.deps.engine.containers.inspect(listed.id, this.signal) : null;
  }

  async postgres(
    listed: ListedContainer | undefined,
    wanted: Blueprint,
  ): Promise<PostgresObservation | null> {
    const { containers } = this.deps.engine;
    const container = await this.inspect(listed);
    if (!container) return null;
    const { markerPath, dataPath } = dataLayout(this.spec.engineVersion);
    const mounted = hasOnly(container.mounts, wanted.mount);
    const basics = { container, ...this.compare(container, wanted, mounted) };
    const [markerText, hasCluster, libc, login] = await Promise.all([
      containers.readFile(container.id, markerPath, this.signal),
      containers.hasPath(container.id, `${dataPath}/PG_VERSION`, this.signal),
      this.libc(basics, wanted),
      this.login(container, POSTGRES_PORT),
    ]);
    // What is not found passes for an empty volume, which is refused or made anew.
    const isMissing = markerText === null || !hasCluster;
    if (isMissing && isGoing(await containers.inspect(container.id, this.signal))) {
      throw new InterruptedError('The PostgreSQL container was removed while it was looked at');
    }
    return {
      ...basics,
      onVolume: container.mounts.some(({ volume }) => volume === wanted.mount.volume),
      login,
      marker: markerText === null ? null : parseMarker(markerText),
      hasCluster,
      libc,
    };
  }

  async pooler(container: Container, wanted: Blueprint, withLogin: boolean): Promise<PoolerObservation> {
    return {
      container,
      // Images of poolers declare volumes of their own, which hold nothing.
      ...this.compare(container, wanted, has(container.mounts, wanted.mount)),
      login: withLogin ? await this.login(container, POOLER_PORT) : 'unknown',
    };
  }

  private compare(container: Container, wanted: Blueprint, mounted: boolean) {
    const attachedTo = container.attachments.get(this.wish.network.name)?.networkId;
    // One that was never started knows its network by name only.
    const attached =
      attachedTo === this.wish.network.id || (container.status === 'created' && attachedTo === '');
    // Nobody is interrupted when one that was never started is made anew.
    const match = container.status === 'created' ? 'config' : this.wish.match;
    return {
      attached: this.wish.network.id !== null && attached,
      current: mounted && matches(container, wanted, match),
    };
  }

  private async login(container: Container, port: number): Promise<PostgresObservation['login']> {
    const address =
      container.status === 'running' ? addressOf(container, this.wish.network.name, port) : null;
    return address ? (await tryLogin(address, this.spec.login, LOGIN_TIMEOUT_MS)).outcome : 'unknown';
  }

  /** A container that was started once has proven its image. */
  private async libc(
    { container, attached, current }: Pick<PostgresObservation, 'container' | 'attached' | 'current'>,
    { image }: Blueprint,
  ): Promise<PostgresObservation['libc']> {
    const { engine, imageFacts } = this.deps;
    const stays = attached && current && container.status !== 'dead';
    if (stays && container.status !== 'created') return 'not-needed';
    const imageId = stays ? container.imageId : await engine.images.find(image, this.signal);
    return imageId === null ? null : imageFacts.libcOf(imageId, this.signal);
  }
}
