import type { ContainerStatus } from '../../../src/runtime/docker/engine/container.js';
import { json, OWNER, type FakeEngine } from './fake-engine.js';

export interface FakeContainer {
  id: string;
  name: string;
  status?: ContainerStatus;
  labels?: Record<string, string>;
  /** The named volumes that it has mounted. */
  volumes?: readonly string[];
  /** The ids of the networks it is in, by their names. */
  networks?: Record<string, string>;
  startedAt?: string;
}

/** Has the fake engine know just these containers, ours unless they say otherwise, until one of them is removed. */
export function serveContainers(fake: FakeEngine, containers: readonly FakeContainer[]): void {
  let left = containers.map((container) => ({ status: 'running', labels: OWNER, volumes: [], ...container }));
  const mountsOf = (volumes: readonly string[]) =>
    volumes.map((Name) => ({ Type: 'volume', Name, Destination: '/data' }));
  const networksOf = (networks: Record<string, string> = {}) =>
    Object.fromEntries(
      Object.entries(networks).map(([name, NetworkID]) => [name, { NetworkID, IPAddress: '' }]),
    );
  fake.on(/^GET \/containers\/json/, (request, response) => {
    const list = left.map(({ id, name, status, labels, volumes }) => ({
      Id: id,
      Names: [`/${name}`],
      State: status,
      Labels: labels,
      Mounts: mountsOf(volumes),
    }));
    json(list)(request, response);
  });
  for (const { id, name, status, labels, volumes, networks, startedAt } of left) {
    const isLeft = () => left.some((container) => container.id === id);
    fake.on(new RegExp(`^GET /containers/${id}/json`), (request, response) => {
      if (!isLeft()) return void response.writeHead(404).end('{}');
      json({
        Id: id,
        Name: `/${name}`,
        Image: 'sha256:1',
        State: {
          Status: status,
          ExitCode: 0,
          StartedAt: startedAt ?? '0001-01-01T00:00:00Z',
          FinishedAt: '0001-01-01T00:00:00Z',
        },
        Config: { Labels: labels },
        NetworkSettings: { Networks: networksOf(networks) },
        Mounts: mountsOf(volumes),
      })(request, response);
    });
    fake.on(new RegExp(`^POST /containers/${id}/(stop|restart)`), (_, response) => {
      response.writeHead(204).end();
    });
    fake.on(new RegExp(`^DELETE /containers/${id}\\?`), (_, response) => {
      left = left.filter((container) => container.id !== id);
      response.writeHead(204).end();
    });
  }
}
