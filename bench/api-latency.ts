import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { raisePriority } from '../src/priority.js';
import type { Installation } from '../test/docker/daemon-fixture.js';
import type { Figure } from './figure.js';
import { quantile } from './statistics.js';

const CLIENTS = 50;
/** How often each client asks. */
const PACE_MS = 100;
const REQUESTS_PER_CLIENT = 60;
const PROVISIONING = 5;

interface Target {
  url: string;
  headers: Record<string, string>;
}

/**
 * How long reads take while databases are being provisioned, beside a bare HTTP server of Node.js that answers
 * as many bytes, at the same time of the same work. The app `catalogue` holds 1,000 databases.
 */
export async function apiFigures(installation: Installation): Promise<Figure[]> {
  // As the daemon does: a clock that waits for its turn would show its own waiting. The floor inherits it.
  raisePriority();
  const catalogue = `${installation.url}/api/orgs/default/apps/catalogue/databases`;
  const reads = {
    'GET one database': `${catalogue}/db-500`,
    'GET a page of 100 of 1,000': `${catalogue}?limit=100`,
  };
  const headers = { Authorization: `Bearer ${installation.operatorToken}` };
  const app = await installation.createApp('default', 'load');
  const figures: Figure[] = [];
  for (const [name, url] of Object.entries(reads)) {
    const ours = { url, headers };
    await using floor = await startFloor(await sizeOf(ours));
    // Both run warm, as a service does: the first requests are compiled while they are answered.
    for (const target of [ours, floor]) await load(target, 0);
    const measure = (target: Target, paceMs: number) =>
      whileProvisioning(installation, app, () => load(target, paceMs));
    const p99 = async (paceMs: number) => ({
      value: quantile(await measure(ours, paceMs), 0.99),
      floor: quantile(await measure(floor, paceMs), 0.99),
    });
    figures.push({
      name: `${name}, p99 of ${CLIENTS} clients at ${(CLIENTS * 1000) / PACE_MS} requests/s`,
      unit: 'ms',
      ...(await p99(PACE_MS)),
      goal: { atMost: 10, of: 'value' },
    });
    figures.push({
      name: `${name}, p99 of ${CLIENTS} clients without a pause`,
      unit: 'ms',
      ...(await p99(0)),
    });
  }
  return figures;
}

async function whileProvisioning<T>(
  installation: Installation,
  app: string,
  work: () => Promise<T>,
): Promise<T> {
  const paths = Array.from(
    { length: PROVISIONING },
    () => `${app}/databases/load-${crypto.randomUUID().slice(0, 8)}`,
  );
  const created = paths.map((path) => installation.call('PUT', path, { body: {}, waitS: 60 }));
  const result = await work();
  await Promise.all(created);
  await Promise.all(
    paths.map((path) =>
      installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`, { waitS: 60 }),
    ),
  );
  return result;
}

async function load(target: Target, paceMs: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const latenciesMs: number[] = [];
  const client = async (index: number) => {
    await pause((index * paceMs) / CLIENTS);
    for (let count = 0; count < REQUESTS_PER_CLIENT; count += 1) {
      const startedMs = performance.now();
      await read(agent, target);
      const tookMs = performance.now() - startedMs;
      latenciesMs.push(tookMs);
      if (paceMs > 0) await pause(Math.max(0, paceMs - tookMs));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  agent.destroy();
  return latenciesMs;
}

async function sizeOf({ url, headers }: Target): Promise<number> {
  return (await (await fetch(url, { headers })).arrayBuffer()).byteLength;
}

async function startFloor(bytes: number): Promise<Target & AsyncDisposable> {
  const child = spawn(process.execPath, ['bench/floor-server.mjs', String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${port.toString().trim()}/`,
    headers: {},
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

function read(agent: Agent, { url, headers }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url}: ${response.statusCode}`));
      });
    });
    call.on('error', reject);
    call.end();
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
