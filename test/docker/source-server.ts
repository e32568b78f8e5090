import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Client } from 'pg';
import type { SourceServer } from '../../src/runtime/runtime.js';
import { generatePassword } from '../../src/secrets/random.js';
import { POSTGRES_IMAGE, type EngineFixture } from './engine-fixture.js';
import { until } from './until.js';

/** This host as others find it. */
export const HOST_ADDRESS =
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'nowhere';

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** A PostgreSQL that is nothing of paasdb's, on a port of this host. It goes with the fixture. */
export async function startSource(
  { docker, prefix }: EngineFixture,
  version: number,
  sql: string,
): Promise<SourceServer> {
  const port = await freePort();
  const password = `${generatePassword()}: \\'"`;
  const container = await docker.createContainer({
    name: `${prefix}-source-${version}`,
    Image: POSTGRES_IMAGE.replace('{version}', String(version)),
    Env: [`PGPORT=${port}`, `POSTGRES_PASSWORD=${password}`, 'POSTGRES_DB=Shop = "1"'],
    Cmd: ['postgres', '-c', 'fsync=off'],
    HostConfig: { NetworkMode: 'host' },
  });
  await container.start();
  const source: SourceServer = {
    host: 'source.example',
    address: HOST_ADDRESS,
    port,
    database: 'Shop = "1"',
    user: 'postgres',
    password,
    sslMode: 'prefer',
  };
  const answers = async () => {
    try {
      await using client = await connectTo(source);
      return client.database !== '';
    } catch {
      return false;
    }
  };
  await until(answers, 60_000);
  await using client = await connectTo(source);
  await client.query(sql);
  return source;
}

export async function connectTo(source: SourceServer): Promise<Client & AsyncDisposable> {
  const { address: host, port, database, user, password } = source;
  const options = '-c statement_timeout=0';
  const client = new Client({ host, port, database, user, password, options });
  client.on('error', () => undefined);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
