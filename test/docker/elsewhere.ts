import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Installation } from './daemon-fixture.js';
import { NEWEST, POSTGRES_IMAGE } from './engine-fixture.js';
import { HOST_ADDRESS } from './source-server.js';
import { until } from './until.js';

const run = promisify(execFile);
/** As nothing else is called. */
const PASSWORD = 'hidden-w0rds';

/** A PostgreSQL that somebody runs in a container of their own, with an empty database `shop`. */
export interface Elsewhere {
  name: string;
  /** By its port on the host: from one of Docker's networks to another there is no way. */
  url: string;
  query: (sql: string) => Promise<unknown>;
  restore: (file: string) => Promise<void>;
  dump: (file: string, options: readonly string[], gzipped?: boolean) => Promise<void>;
}

/** It goes with the installation, whose prefix it carries. */
export async function startElsewhere(here: Installation, version = NEWEST): Promise<Elsewhere> {
  const name = `${here.prefix}-elsewhere-${randomBytes(3).toString('hex')}`;
  const container = await here.docker.createContainer({
    name,
    Image: POSTGRES_IMAGE.replace('{version}', String(version)),
    Env: [`POSTGRES_PASSWORD=${PASSWORD}`, 'POSTGRES_DB=shop'],
    Labels: { 'paasdb.prefix': here.prefix },
    ExposedPorts: { '5432/tcp': {} },
    HostConfig: { PublishAllPorts: true },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const port = Number(NetworkSettings.Ports['5432/tcp']?.[0]?.HostPort);
  const urlOf = (host: string, at = 5432) =>
    `postgresql://postgres:${PASSWORD}@${host}:${at}/shop?sslmode=disable`;
  const query = (sql: string) => here.query(urlOf(name), sql);
  // The server of its initialisation does not listen on TCP.
  await until(async () => {
    try {
      await query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }, 60_000);
  const shell = (script: string, ...values: string[]) =>
    run('bash', ['-euo', 'pipefail', '-c', script, 'bash', name, ...values], { maxBuffer: 1e8 });
  return {
    name,
    url: urlOf(HOST_ADDRESS, port),
    query,
    restore: async (file) => {
      await shell(
        'docker exec -i "$1" pg_restore --exit-on-error --no-owner --no-acl -U postgres -d shop < "$2"',
        file,
      );
    },
    dump: async (file, options, gzipped = false) => {
      const pack = gzipped ? 'gzip -1' : 'cat';
      await shell(`docker exec "$1" pg_dump -U postgres "\${@:3}" shop | ${pack} > "$2"`, file, ...options);
    },
  };
}
