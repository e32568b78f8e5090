import Docker from 'dockerode';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.js';

/** With the folders of an administrator, which is where dockerd and iptables are. */
const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
const DOCKERD = PATH.split(':')
  .map((folder) => join(folder, 'dockerd'))
  .find(isExecutable);

/** An engine beside the one that the tests share, which can be restarted. It has the images that it is given. For root. */
export class OwnEngine implements AsyncDisposable {
  private readonly folder = mkdtempSync(join(tmpdir(), 'paasdb-engine-'));
  readonly socketPath = join(this.folder, 'docker.sock');
  readonly docker = new Docker({ socketPath: this.socketPath });
  private process: ChildProcess | null = null;

  /** For networks in it: what the other engine's firewall lets through. */
  readonly subnetPool = '10.232.0.0/16';

  static async with(images: readonly string[]): Promise<OwnEngine> {
    const engine = new OwnEngine();
    try {
      await engine.start();
      await engine.allow('--insert');
      const copy = 'docker save "${@:2}" | docker --host "unix://$1" load';
      await promisify(execFile)('bash', [
        '-euo',
        'pipefail',
        '-c',
        copy,
        'bash',
        engine.socketPath,
        ...images,
      ]);
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  private async start(): Promise<void> {
    const inFolder = (name: string) => join(this.folder, name);
    // It leaves the rules of the other one alone. With --bridge=none it would remove that one's docker0.
    const rules = ['--iptables=false', '--ip6tables=false'];
    const argv = [
      `--host=unix://${this.socketPath}`,
      `--data-root=${inFolder('data')}`,
      `--exec-root=${inFolder('exec')}`,
      `--pidfile=${inFolder('pid')}`,
      ...rules,
    ];
    if (DOCKERD === undefined || process.getuid?.() !== 0) {
      throw new Error(
        'the test of an engine that is restarted starts one of its own: run it as root, with dockerd',
      );
    }
    this.process = spawn(DOCKERD, argv, { stdio: 'ignore', env: { ...process.env, PATH } });
    const answers = () =>
      this.docker.ping().then(
        () => true,
        () => false,
      );
    await until(answers, 30_000);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private async stop(): Promise<void> {
    const { process: child } = this;
    child?.kill('SIGTERM');
    await until(() => !child || child.exitCode !== null || child.signalCode !== null, 30_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.allow('--delete').catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The other one drops what it knows nothing of. */
  private async allow(change: '--insert' | '--delete'): Promise<void> {
    const within = ['-s', this.subnetPool, '-d', this.subnetPool, '-j', 'ACCEPT'];
    await promisify(execFile)('iptables', [change, 'FORWARD', ...within], { env: { ...process.env, PATH } });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
