import type { DatabaseSpec } from '../runtime.js';
import { addressOf } from './address.js';
import { dataLayout } from './data-layout.js';
import type { Container, ListedContainer } from './engine/container.js';
import type { Engine } from './engine/engine.js';
import { carries } from './engine/label-filter.js';
import type { ImageFacts } from './image-facts.js';
import { containerFilter, LABEL, networkLabels, volumeIdentity } from './labels.js';
import { tryLogin } from './login.js';
import { parseMarker, type Libc } from './marker.js';
import type { Names } from './names.js';
import type { Observation, PoolerObservation, PostgresObservation } from './observation.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';

export interface ObserveDeps {
  engine: Engine;
  imageFacts: ImageFacts;
  prefix: string;
  names: Names;
}

/** What the containers of a spec would be made as. */
export interface Wanted {
  postgres: { config: string; image: string };
  pooler: { config: string };
}

const LOGIN_TIMEOUT_MS = 3_000;

/** Looks at all there is of one database. Nothing is changed. */
export async function observe(
  { engine, imageFacts, prefix, names }: ObserveDeps,
  spec: DatabaseSpec,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Observation> {
  const networkName = names.network(spec.org);
  const [containers, networks, volume] = await Promise.all([
    engine.containers.list(containerFilter(prefix, spec.id), signal),
    engine.networks.list(networkLabels(prefix, spec.org), signal),
    engine.volumes.inspect(names.volume(spec.volumeId), signal),
  ]);
  const network = networks.find(({ name }) => name === networkName);
  const isAttached = ({ attachments }: ListedContainer) =>
    network !== undefined && attachments.get(networkName)?.networkId === network.id;

  const inspect = async (name: string): Promise<Container | null> => {
    const listed = containers.find((container) => container.name === name);
    return listed ? engine.containers.inspect(listed.id, signal) : null;
  };
  const login = async (container: Container, port: number) => {
    const address = container.status === 'running' ? addressOf(container, networkName, port) : null;
    return address ? (await tryLogin(address, spec.login, LOGIN_TIMEOUT_MS)).outcome : 'unknown';
  };

  const observePostgres = async (): Promise<PostgresObservation | null> => {
    const container = await inspect(names.postgres(spec.id));
    if (!container) return null;
    const { markerPath, dataPath } = dataLayout(spec.engineVersion);
    const current = container.labels[LABEL.config] === wanted.postgres.config;
    const attached = isAttached(container);
    const libc = async (): Promise<PostgresObservation['libc']> => {
      if (current && attached && container.status === 'created')
        return imageFacts.libcOf(container.imageId, signal);
      if (current && attached && container.status !== 'dead') return 'not-needed';
      return libcOfReference(wanted.postgres.image);
    };
    const [markerText, clusterVersion, nextLibc, outcome] = await Promise.all([
      engine.containers.readFile(container.id, markerPath, signal),
      engine.containers.hasPath(container.id, `${dataPath}/PG_VERSION`, signal),
      libc(),
      login(container, POSTGRES_PORT),
    ]);
    return {
      container,
      current,
      attached,
      login: outcome,
      marker: markerText === null ? null : parseMarker(markerText),
      hasCluster: clusterVersion,
      libc: nextLibc,
    };
  };

  const libcOfReference = async (reference: string): Promise<Libc | null> => {
    const imageId = await engine.images.find(reference, signal);
    return imageId === null ? null : imageFacts.libcOf(imageId, signal);
  };

  const observePooler = async (): Promise<PoolerObservation | null> => {
    const container = await inspect(names.pooler(spec.id));
    if (!container) return null;
    return {
      container,
      attached: isAttached(container),
      current: container.labels[LABEL.config] === wanted.pooler.config,
      login: await login(container, POOLER_PORT),
    };
  };

  const [postgres, pooler] = await Promise.all([observePostgres(), observePooler()]);
  return {
    network: network ? (network.internal ? 'ours' : 'foreign') : 'missing',
    volume: volume
      ? carries(volume.labels, volumeIdentity(prefix, spec.volumeId))
        ? 'ours'
        : 'foreign'
      : 'missing',
    postgres,
    pooler,
  };
}
