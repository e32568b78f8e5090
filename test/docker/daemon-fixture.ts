import Docker from 'dockerode';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from './api-client.js';
import { until } from './until.js';

const ENTRY = join(process.cwd(), 'dist/main.js');
const READY_TIMEOUT_MS = 20_000;

let installations = 0;

/** The majors for which this machine has an image. */
export async function availableVersions(): Promise<number[]> {
  const docker = new Docker();
  const template = process.env.PAASDB_POSTGRES_IMAGE ?? 'postgres:{version}-alpine';
  const found = await Promise.all(
    [15, 16, 17, 18].map((version) =>
      docker
        .getImage(template.replace('{version}', String(version)))
        .inspect()
        .then(
          () => version,
          () => null,
        ),
    ),
  );
  return found.filter((version) => version !== null);
}

/** One data directory with a prefix of its own on the real engine, and the daemon process that may run on it. */
export class Installation extends ApiClient implements AsyncDisposable {
  readonly prefix = `paastest-${process.pid}-${++installations}`.slice(0, 20);
  readonly network = `${this.prefix}-net`;
  readonly dataDir = mkdtempSync(join(tmpdir(), 'paasdb-daemon-'));
  log = '';
  private process: ChildProcess | null = null;
  url = '';

  /** @param socketPath of an engine other than the one that the tests share */
  constructor(private readonly socketPath: string | null = null) {
    super(socketPath === null ? new Docker() : new Docker({ socketPath }));
  }

  /** Starts the daemon and waits until it answers. */
  async start(environment: Record<string, string> = {}): Promise<void> {
    const child = spawn(process.execPath, [ENTRY], {
      env: {
        ...process.env,
        PAASDB_DATA_DIR: this.dataDir,
        PAASDB_PORT: '0',
        PAASDB_RESOURCE_PREFIX: this.prefix,
        PAASDB_NETWORK: this.network,
        PAASDB_SUBNET_POOL: '10.240.0.0/12',
        PAASDB_LOG_LEVEL: 'debug',
        ...(this.socketPath !== null && { DOCKER_HOST: `unix://${this.socketPath}` }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    this.url = '';
    let output = '';
    const listen = (chunk: Buffer) => {
      this.log += chunk.toString();
      output += chunk.toString();
      this.url ||= /"url":"(http:[^"]+)"/.exec(output)?.[1] ?? '';
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    await until(() => this.url !== '' || child.exitCode !== null, READY_TIMEOUT_MS);
    if (this.url === '') throw new Error(`the daemon did not start: ${this.log}`);
  }

  /** The process of the daemon that runs. */
  get pid(): number {
    const pid = this.process?.pid;
    if (pid === undefined) throw new Error('no daemon runs');
    return pid;
  }

  kill(): void {
    this.process?.kill('SIGKILL');
  }

  async exited(): Promise<number | null> {
    const child = this.process;
    if (!child) return null;
    await until(() => child.exitCode !== null || child.signalCode !== null, 60_000);
    return child.exitCode;
  }

  async stop(): Promise<number | null> {
    this.process?.kill('SIGTERM');
    return this.exited();
  }

  get operatorToken(): string {
    return readFileSync(join(this.dataDir, 'operator-token'), 'utf8').trim();
  }

  /** The names of all that is ours in the engine. */
  async resources(): Promise<{ containers: string[]; volumes: string[]; networks: string[] }> {
    const filters = { label: [`paasdb.prefix=${this.prefix}`] };
    const [containers, volumes, networks] = await Promise.all([
      this.docker.listContainers({ all: true, filters }),
      this.docker.listVolumes({ filters }),
      this.docker.listNetworks({ filters }),
    ]);
    return {
      containers: containers.map(({ Names }) => Names[0]?.slice(1) ?? '').sort(),
      volumes: volumes.Volumes.map(({ Name }) => Name).sort(),
      networks: networks.map(({ Name }) => Name).sort(),
    };
  }

  /** Stops the daemon and removes all that carries its prefix. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.exited();
    const { containers, volumes, networks } = await this.resources();
    await Promise.all(
      containers.map((name) => this.docker.getContainer(name).remove({ force: true, v: true })),
    );
    await Promise.all(volumes.map((name) => this.docker.getVolume(name).remove()));
    await Promise.all(networks.map((name) => this.docker.getNetwork(name).remove()));
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
