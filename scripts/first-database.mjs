// Creates the database `main` of the app `demo` through the API, and queries it as an app would: from a
// container in the org's network, through the pooled URL. Arguments: the API's URL and the data directory.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [api, dataDir] = process.argv.slice(2);
const token =
  process.env.PAASDB_OPERATOR_TOKEN || readFileSync(join(dataDir, 'operator-token'), 'utf8').trim();
const app = '/api/orgs/default/apps/demo';
const QUERY = `psql "$DATABASE_URL" -XAt -c 'SELECT version()'`;
const GIVE_UP_MS = 300_000;

async function call(method, path, { body, headers } = {}) {
  const response = await fetch(api + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
    body: body && JSON.stringify(body),
  });
  const json = await response.json();
  if (!response.ok && json.code !== 'app_exists')
    throw new Error(`${method} ${path}: ${json.title}: ${json.detail}`);
  return json;
}

async function ensureDatabase() {
  const startedMs = Date.now();
  let shown = '';
  for (;;) {
    const database = await call('PUT', `${app}/databases/main`, { body: {}, headers: { Prefer: 'wait=1' } });
    if (database.status === 'ready') return database;
    const { data } = await call('GET', `${app}/databases/main/operations?limit=1`);
    const [operation] = data;
    const text = operation.errorMessage ?? operation.progress?.step ?? operation.status;
    if (text !== shown) console.error(`database: ${text}`);
    shown = text;
    if (operation.status === 'failed' || Date.now() - startedMs > GIVE_UP_MS) {
      throw new Error(`the database did not become ready: ${text}`);
    }
  }
}

try {
  await call('POST', '/api/orgs/default/apps', { body: { slug: 'demo' } });
  const database = await ensureDatabase();
  const { dsn } = await call('POST', `${app}/databases/main/reveal`);
  const image = process.env.PAASDB_POSTGRES_IMAGE.replace('{version}', database.engineVersion);
  const network = process.env.PAASDB_NETWORK || 'paas-apps';
  const answer = execFileSync(
    'docker',
    ['run', '--rm', '--network', network, '-e', 'DATABASE_URL', '--entrypoint', 'sh', image, '-c', QUERY],
    { env: { ...process.env, DATABASE_URL: dsn }, encoding: 'utf8', timeout: 60_000 },
  );
  console.log(`\n${answer.trim()}\n\nDATABASE_URL=${dsn}\n  (for containers in the network ${network})`);
} catch (error) {
  console.error(`scripts/up: ${error.message}`);
  process.exitCode = 1;
}
