import { appendAuditEvent } from '../../src/store/audit.js';
import { insertOrg } from '../../src/store/orgs.js';
import { pathOf } from '../../src/http/endpoint.js';
import { sampleApp, sampleDatabase } from '../store/sample-rows.js';
import { bootApi, type BootedApi } from './boot-api.js';
import { endpointTable } from './endpoint-table.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';

let api: BootedApi;
beforeAll(async () => {
  api = await bootApi();
  const { store, clock } = api;
  store.transaction(() => {
    const app = sampleApp(store);
    for (let n = 0; n < 250; n++) {
      // Some were made at the same instant.
      if (n % 3 === 0) clock.advance(1);
      sampleDatabase(store, { app, name: `db-${n}` });
      sampleApp(store, { slug: `app-${n}` });
      insertOrg(store, { slug: `org-${n}`, plan: 'team' });
      appendAuditEvent(store, {
        org: 'acme',
        actor: 'system',
        action: `event.${n}`,
        target: 'x',
        requestId: null,
      });
    }
  });
});
afterAll(() => api[Symbol.asyncDispose]());

const page = async (path: string, query = '') => {
  const { status, body } = await api.get(`${path}${query}`, { token: api.tokens.operator });
  expect(status).toBe(200);
  return body as { data: Record<string, unknown>[]; nextCursor: string | null };
};

/** All items of a list, page by page. */
async function walk(path: string, limit: number) {
  const items: Record<string, unknown>[] = [];
  const sizes: number[] = [];
  let cursor: string | null = null;
  do {
    const next = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data, nextCursor } = await page(path, `?limit=${limit}${next}`);
    items.push(...data);
    sizes.push(data.length);
    cursor = nextCursor;
  } while (cursor !== null);
  return { items, sizes };
}

describe('a list', () => {
  it.each([
    [1, 250],
    [37, 7],
    [50, 5],
    [100, 3],
  ])('of 250 databases is walked by %i in %i pages, each once and oldest first', async (limit, pages) => {
    const { items, sizes } = await walk(DATABASES, limit);
    expect(sizes).toHaveLength(pages);
    expect(new Set(items.map(({ id }) => id)).size).toBe(250);
    const order = items.map(({ createdAt, id }) => `${String(createdAt)} ${String(id)}`);
    expect(order).toEqual([...order].sort());
  });

  it.each([
    ['/api/orgs', 253, 'slug'],
    ['/api/orgs/acme/apps', 252, 'slug'],
    ['/api/orgs/acme/tokens', 10, 'id'],
    ['/api/orgs/acme/audit', 250, 'id'],
  ])('%s is walked to its end', async (path, count, key) => {
    const { items } = await walk(path, 40);
    expect(new Set(items.map((item) => item[key])).size).toBe(count);
    expect(items).toHaveLength(count);
  });

  it('of audit events begins with the newest', async () => {
    const { data } = await page('/api/orgs/acme/audit', '?limit=2');
    expect(data.map(({ action }) => action)).toEqual(['event.249', 'event.248']);
  });

  it('has 50 items unless told otherwise, and no cursor on its last page', async () => {
    expect((await page(DATABASES)).data).toHaveLength(50);
    expect((await page('/api/orgs/acme/tokens')).nextCursor).toBeNull();
    expect(await page('/api/orgs/globex/apps/web/databases')).toEqual({ data: [], nextCursor: null });
  });

  const lists = endpointTable()
    .filter(({ id }) => id.startsWith('list'))
    .map((endpoint) =>
      pathOf(endpoint).replace(':org', 'acme').replace(':app', 'web').replace(':db', 'db-0'),
    );

  it.each(lists)('has bounds for its limit: %s', async (path) => {
    for (const limit of ['0', '101', '-1', '1.5', 'all', '', '1e1', '٣', '1&limit=2', '%001']) {
      const { status, body } = await api.get(`${path}?limit=${limit}`, { token: api.tokens.operator });
      expect([limit, status, body.title]).toEqual([limit, 400, 'invalid request']);
      expect(body.errors).toMatchObject([{ in: 'query', path: 'limit' }]);
    }
    for (const limit of ['1', '100']) await page(path, `?limit=${limit}`);
  });

  it.each(lists)('refuses a cursor that it did not give: %s', async (path) => {
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const rubbish = ['', 'x', '%00', encode(null), encode([]), encode({}), encode([null]), encode([1, 2, 3])];
    for (const cursor of rubbish) {
      const { status, body } = await api.get(`${path}?cursor=${cursor}`, { token: api.tokens.operator });
      expect([cursor, status, body.title]).toEqual([cursor, 400, 'invalid cursor']);
    }
    const long = await api.get(`${path}?cursor=${'x'.repeat(501)}`, { token: api.tokens.operator });
    expect(long.status).toBe(400);
  });

  it('gives nothing of another org to a cursor from there', async () => {
    const { nextCursor } = await page(DATABASES, '?limit=1');
    const answer = await api.get(`/api/orgs/globex/apps/web/databases?cursor=${nextCursor}`, {
      token: api.tokens.globex.org.viewer,
    });
    expect(answer.body).toEqual({ data: [], nextCursor: null });
  });
});
