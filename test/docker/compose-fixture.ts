import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiClient } from './api-client.js';
import { removeLeftovers, TEST_PREFIX } from './assert-nothing-left.js';
import { PGBOUNCER_IMAGE, POSTGRES_IMAGE } from './engine-fixture.js';
import { until } from './until.js';

const execute = promisify(execFile);

/** The schema that this release brings. */
export const SCHEMA = readdirSync('migrations').length;

/** The installation that the README describes, as a compose project of its own. */
export class ComposeInstallation extends ApiClient implements AsyncDisposable {
  readonly prefix = `${TEST_PREFIX}-${randomBytes(3).toString('hex')}`;
  readonly network = `${this.prefix}-apps`;
  readonly image = `${this.prefix}:local`;
  private readonly folder = mkdtempSync(join(tmpdir(), 'paasdb-compose-'));
  private readonly override = join(this.folder, 'override.yml');
  url = '';
  operatorToken = '';
  log = '';

  /** Chooses a free port, and an app in the same project: what a user writes into an override file. */
  async prepare(): Promise<void> {
    this.url = `http://127.0.0.1:${await freePort()}`;
    writeFileSync(
      this.override,
      `services:
  app:
    image: ${POSTGRES_IMAGE.replace('{version}', '17')}
    environment: [DATABASE_URL]
    networks: [apps]
networks:
  apps:
    name: ${this.network}
    external: true
`,
    );
  }

  /** Runs `docker compose` in this project, and returns what it wrote to stdout. */
  async compose(args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
    const running = execute('docker', ['compose', '-p', this.prefix, ...args], {
      env: { ...process.env, ...this.settings(), ...environment },
      maxBuffer: 64 * 1024 ** 2,
      timeout: 400_000,
    });
    // `run` would wait for what is never said.
    running.child.stdin?.end();
    const { stdout } = await running;
    return stdout;
  }

  /** Installs, or upgrades to another image, and waits until the API is ready. Returns how long that took, in ms. */
  async up(args: readonly string[] = [], environment: Record<string, string> = {}): Promise<number> {
    const startedMs = performance.now();
    await this.compose(['up', '-d', ...args, 'paasdb'], environment);
    await this.ready();
    const tookMs = performance.now() - startedMs;
    this.operatorToken = (await this.exec(['cat', '/var/lib/paasdb/operator-token'])).trim();
    return tookMs;
  }

  ready(): Promise<void> {
    const isReady = () =>
      fetch(`${this.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    return until(isReady, 60_000);
  }

  /** Runs a program beside the daemon. */
  exec(argv: readonly string[]): Promise<string> {
    return this.compose(['exec', '-T', 'paasdb', ...argv]);
  }

  logs(): Promise<string> {
    return this.compose(['logs', '--no-color', '--no-log-prefix', 'paasdb']);
  }

  /** Runs a program in an app's container, which has a DATABASE_URL as any app does. */
  app(dsn: string, argv: readonly string[]): Promise<string> {
    const files = ['-f', 'docker-compose.yml', '-f', this.override];
    return this.compose([...files, 'run', '--rm', '-T', '--no-deps', 'app', ...argv], { DATABASE_URL: dsn });
  }

  /** An image of a release that has one migration more. */
  async nextRelease(migration: string): Promise<string> {
    const image = `${this.prefix}:next-${randomBytes(3).toString('hex')}`;
    const context = mkdtempSync(join(this.folder, 'release-'));
    const file = `${String(SCHEMA + 1).padStart(4, '0')}_next.sql`;
    writeFileSync(join(context, file), migration);
    writeFileSync(join(context, 'Dockerfile'), `FROM ${this.image}\nCOPY ${file} migrations/\n`);
    await execute('docker', ['build', '-q', '-t', image, context], {
      env: { ...process.env, DOCKER_BUILDKIT: '0' },
    });
    return image;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose(['down', '--volumes', '--remove-orphans', '--timeout', '5']);
    await removeLeftovers(this.docker, this.prefix);
    const images = await this.docker.listImages({ filters: { reference: [`${this.prefix}*`] } });
    for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? [])) {
      await this.docker.getImage(tag).remove({ force: true });
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private settings(): Record<string, string> {
    return {
      PAASDB_PUBLISH: new URL(this.url).host,
      PAASDB_IMAGE: this.image,
      PAASDB_RESOURCE_PREFIX: this.prefix,
      PAASDB_NETWORK: this.network,
      PAASDB_SUBNET_POOL: '10.240.0.0/12',
      PAASDB_POSTGRES_IMAGE: POSTGRES_IMAGE,
      PAASDB_PGBOUNCER_IMAGE: PGBOUNCER_IMAGE,
    };
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
