import { Agent, request } from 'node:http';
import type { Installation } from '../test/docker/daemon-fixture.js';
import type { Figure } from './figure.js';
import { quantile } from './statistics.js';

const CLIENTS = 50;
/** Each client asks this often: 500 requests a second together, far above what a host's clients do. */
const PACE_MS = 100;
const REQUESTS_PER_CLIENT = 100;
const PROVISIONING = 5;

/** How long reads take while databases are being provisioned. The app `catalogue` holds 1,000 databases. */
export async function apiFigures(installation: Installation): Promise<Figure[]> {
  const catalogue = '/api/orgs/default/apps/catalogue/databases';
  const reads = {
    'GET one database': `${catalogue}/db-500`,
    'GET a page of 100 of 1,000': `${catalogue}?limit=100`,
  };
  const app = await installation.createApp('default', 'load');
  const figures: Figure[] = [];
  for (const [name, path] of Object.entries(reads)) {
    const paced = await whileProvisioning(installation, app, () => load(installation, path, PACE_MS));
    figures.push({
      name: `${name}, p99 of ${CLIENTS} clients at ${(CLIENTS * 1000) / PACE_MS} requests/s`,
      unit: 'ms',
      value: quantile(paced.latenciesMs, 0.99),
      goal: { atMost: 10, of: 'value' },
    });
    const flatOut = await whileProvisioning(installation, app, () => load(installation, path, 0));
    figures.push({
      name: `${name}, p99 of ${CLIENTS} clients without a pause`,
      unit: 'ms',
      value: quantile(flatOut.latenciesMs, 0.99),
    });
    figures.push({ name: `${name}, served without a pause`, unit: 'requests/s', value: flatOut.perSecond });
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
    paths.map((path) => installation.call('DELETE', `${path}?deleteVolume=true`, { waitS: 60 })),
  );
  return result;
}

async function load(
  installation: Installation,
  path: string,
  paceMs: number,
): Promise<{ latenciesMs: number[]; perSecond: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const url = installation.url + path;
  const headers = { Authorization: `Bearer ${installation.operatorToken}` };
  const latenciesMs: number[] = [];
  const client = async (index: number) => {
    await pause((index * paceMs) / CLIENTS);
    for (let count = 0; count < REQUESTS_PER_CLIENT; count += 1) {
      const startedMs = performance.now();
      await read(agent, url, headers);
      const tookMs = performance.now() - startedMs;
      latenciesMs.push(tookMs);
      if (paceMs > 0) await pause(Math.max(0, paceMs - tookMs));
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
  const perSecond = (latenciesMs.length * 1000) / (performance.now() - startedMs);
  agent.destroy();
  return { latenciesMs, perSecond };
}

function read(agent: Agent, url: string, headers: Record<string, string>): Promise<void> {
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
