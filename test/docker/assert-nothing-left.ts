import Docker from 'dockerode';

/** Begins the prefix of every runtime that a test makes. */
export const TEST_PREFIX = 'paastest';

export interface Leftover {
  kind: 'container' | 'volume' | 'network';
  /** The id; a volume's name. */
  id: string;
  name: string;
  createdAt: Date;
}

/**
 * After the tests on a real engine: they removed every container, volume and network that they made. This file
 * stands alone because jest resolves no imports with .js in what it runs globally.
 */
export default async function assertNothingLeft(): Promise<void> {
  const startedAt = new Date(process.env.PAASDB_TESTS_STARTED_AT ?? 0);
  const left = (await leftovers(new Docker())).filter(({ createdAt }) => createdAt >= startedAt);
  if (left.length === 0) return;
  const lines = left.map(({ kind, name }) => `${kind} ${name}`);
  throw new Error(`Tests left behind on the engine:\n${lines.join('\n')}`);
}

/** What tests made and what is still there, by its name or by its label. */
export async function leftovers(docker: Docker, prefix = TEST_PREFIX): Promise<Leftover[]> {
  const [containers, { Volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listVolumes(),
    docker.listNetworks(),
  ]);
  const isOurs = (name: string, labels: Record<string, string> | null | undefined) =>
    name.startsWith(prefix) || labels?.['paasdb.prefix']?.startsWith(prefix) === true;
  return [
    ...containers.map(({ Id, Names, Labels, Created }) => ({
      kind: 'container' as const,
      id: Id,
      name: (Names[0] ?? '').replace(/^\//, ''),
      labels: Labels,
      createdAt: new Date(Created * 1000),
    })),
    ...Volumes.map((volume) => ({
      kind: 'volume' as const,
      id: volume.Name,
      name: volume.Name,
      labels: volume.Labels,
      createdAt: new Date((volume as { CreatedAt?: string }).CreatedAt ?? Date.now()),
    })),
    ...networks.map(({ Id, Name, Labels, Created }) => ({
      kind: 'network' as const,
      id: Id,
      name: Name,
      labels: Labels,
      createdAt: new Date(Created),
    })),
  ]
    .filter(({ name, labels }) => isOurs(name, labels))
    .map(({ labels: _, ...leftover }) => leftover);
}

/** Removes all of it, whatever state it is in. */
export async function removeLeftovers(docker: Docker, prefix: string): Promise<void> {
  const left = await leftovers(docker, prefix);
  const ids = (kind: Leftover['kind']) => left.filter((thing) => thing.kind === kind).map(({ id }) => id);
  await Promise.all(ids('container').map((id) => docker.getContainer(id).remove({ force: true, v: true })));
  await Promise.all(ids('volume').map((name) => docker.getVolume(name).remove()));
  await Promise.all(ids('network').map((id) => docker.getNetwork(id).remove()));
}
