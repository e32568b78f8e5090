import { gzipSync, deflateSync, brotliCompressSync } from 'node:zlib';
import { pathOf } from '../../src/http/endpoint.js';
import { bootApi, type BootedApi } from './boot-api.js';
import { endpointTable } from './endpoint-table.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const JSON_TYPE = { 'Content-Type': 'application/json' };

let api: BootedApi;
beforeAll(async () => (api = await bootApi()));
afterAll(async () => {
  await using running = api;
  expect(running.store.all('SELECT * FROM databases')).toEqual([]);
});

const send = (raw: string | Uint8Array, headers: Record<string, string> = JSON_TYPE) =>
  api.request('POST', DATABASES, { raw, headers });

/** Fields and values that objects have without being given them. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];

describe('a body', () => {
  it.each([
    ['cut short', '{"name":'],
    ['two values', '{}{}'],
    ['single quotes', `{'name':'main'}`],
    ['a number that is none', '{"name":NaN}'],
    ['a byte order mark in the middle', '{\uFEFF}'],
    ['NUL', '\0'],
    ['a form', 'name=main'],
    ['very deep', '['.repeat(500_000)],
  ])('that is not JSON is 400: %s', async (_, raw) => {
    const answer = await send(raw);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid JSON']);
  });

  it.each(['null', 'true', '17', '"main"', '[]', '[{"name":"main"}]'])(
    'that is no object is 400: %s',
    async (raw) => {
      const answer = await send(raw);
      expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
      expect(answer.body.errors).toHaveLength(1);
    },
  );

  it.each([
    ['text/plain', '{"name":"main"}'],
    ['application/x-www-form-urlencoded', 'name=main'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/xml', '<name>main</name>'],
    ['application/json; charset=latin1', '{"name":"main"}'],
    ['application/json; charset=nothing', '{"name":"main"}'],
    ['text/json', '{"name":"main"}'],
    ['rubbish', '{"name":"main"}'],
  ])('of another type is 415: %s', async (type, raw) => {
    const answer = await send(raw, { 'Content-Type': type });
    expect([answer.status, answer.body.title]).toEqual([415, 'unsupported media type']);
  });

  it('without a type is 415', async () => {
    const answer = await send(new TextEncoder().encode('{"name":"main"}'), {});
    expect(answer.status).toBe(415);
  });

  it.each(['zstd', 'compress', 'gzip, gzip', 'rubbish'])(
    'in an unknown encoding is 415: %s',
    async (encoding) => {
      const answer = await send('{"name":"main"}', { ...JSON_TYPE, 'Content-Encoding': encoding });
      expect([answer.status, answer.body.title]).toEqual([415, 'unsupported media type']);
    },
  );

  it.each(['gzip', 'deflate', 'br'])('that is not the %s it says it is, is 400', async (encoding) => {
    const answer = await send('this is not compressed', { ...JSON_TYPE, 'Content-Encoding': encoding });
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
  });

  it('that is a gzip cut short is 400', async () => {
    const raw = gzipSync('{"name":"main","plan":"standard"}').subarray(0, 20);
    const answer = await send(raw, { ...JSON_TYPE, 'Content-Encoding': 'gzip' });
    expect(answer.status).toBe(400);
  });

  it('of more than 1 MB is 413', async () => {
    const answer = await send(JSON.stringify({ name: 'x'.repeat(1024 * 1024) }));
    expect([answer.status, answer.body.title]).toEqual([413, 'body too large']);
  });

  it('of just under 1 MB is read', async () => {
    const answer = await send(JSON.stringify({ name: 'x'.repeat(1024 * 1024 - 11) }));
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid database name']);
  });

  it('without a length is held to the same limit', async () => {
    const chunk = new TextEncoder().encode(' '.repeat(64 * 1024));
    const response = await fetch(`${api.url}${DATABASES}`, {
      method: 'POST',
      headers: { ...JSON_TYPE, Authorization: `Bearer ${api.tokens.acme.org.owner}` },
      body: new ReadableStream({
        start: (controller) => {
          for (let n = 0; n < 17; n++) controller.enqueue(chunk);
          controller.close();
        },
      }),
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('that unpacks to more than 1 MB is 413: a bomb of %s', async (encoding, compress) => {
    const raw = compress(Buffer.alloc(20 * 1024 * 1024, ' '));
    expect(raw.length).toBeLessThan(64 * 1024);
    const answer = await send(raw, { ...JSON_TYPE, 'Content-Encoding': encoding });
    expect([answer.status, answer.body.title]).toEqual([413, 'body too large']);
  });

  it('is not even read when the token is not good', async () => {
    const answer = await api.request('POST', DATABASES, { raw: '{', headers: JSON_TYPE, token: null });
    expect(answer.status).toBe(401);
  });

  it.each(INHERITED)('with the field %s is 400 like any other that does not exist', async (field) => {
    for (const value of ['null', '"x"', '{"name":"main"}']) {
      const answer = await send(`{"${field}":${value},"name":"main"}`);
      expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
      expect(answer.body.errors).toEqual([{ in: 'body', path: field, detail: 'there is no such field' }]);
    }
  });
});

describe('unknown fields', () => {
  const withBody = endpointTable().filter(({ method }) => method !== 'get');
  const ids: Record<string, string> = { org: 'acme', app: 'web', db: 'main' };
  const fill = (path: string) => path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? '0unknown');

  beforeAll(async () => {
    await api.readyDatabase();
  });
  afterAll(async () => {
    await api.delete(`${DATABASES}/main?deleteVolume=true&finalBackup=false`);
    await api.settle();
    api.store.run('DELETE FROM operations');
    api.store.run('DELETE FROM databases');
  });

  it.each(withBody.map((endpoint) => [endpoint.method.toUpperCase(), pathOf(endpoint)]))(
    'of a body are refused with their path: %s %s',
    async (method, path) => {
      const answer = await api.request(method, fill(path), {
        token: api.tokens.operator,
        json: { surprise: 1 },
      });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toContainEqual({
        in: 'body',
        path: 'surprise',
        detail: 'there is no such field',
      });
    },
  );

  it.each(endpointTable().map((endpoint) => [endpoint.method.toUpperCase(), pathOf(endpoint)]))(
    'of a query are refused with their path: %s %s',
    async (method, path) => {
      for (const field of ['surprise', 'Limit', '__proto__', 'constructor']) {
        const answer = await api.request(method, `${fill(path)}?${field}=1`, { token: api.tokens.operator });
        expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
        expect(answer.body.errors).toEqual([{ in: 'query', path: field, detail: 'there is no such field' }]);
      }
    },
  );
});

describe('wrong types', () => {
  const cases: [string, string, unknown, string][] = [
    ['POST', '/api/orgs', { slug: 1 }, 'slug'],
    ['POST', '/api/orgs', { slug: 'initech', plan: 'gold' }, 'plan'],
    ['POST', '/api/orgs', { slug: 'initech', plan: null }, 'plan'],
    ['PATCH', '/api/orgs/acme', { status: 'deleted' }, 'status'],
    ['PATCH', '/api/orgs/acme', { plan: ['team'] }, 'plan'],
    ['POST', '/api/orgs/acme/apps', { slug: { a: 1 } }, 'slug'],
    ['POST', '/api/orgs/acme/apps', {}, 'slug'],
    ['POST', '/api/orgs/acme/tokens', { name: '', role: 'viewer' }, 'name'],
    ['POST', '/api/orgs/acme/tokens', { name: 'a\nb', role: 'viewer' }, 'name'],
    ['POST', '/api/orgs/acme/tokens', { name: 'x'.repeat(101), role: 'viewer' }, 'name'],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci', role: 'operator' }, 'role'],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci', role: 'root' }, 'role'],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci' }, 'role'],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci', role: 'viewer', expiresAt: 'tomorrow' }, 'expiresAt'],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci', role: 'viewer', expiresAt: 1893456000 }, 'expiresAt'],
    [
      'POST',
      '/api/orgs/acme/tokens',
      { name: 'ci', role: 'viewer', expiresAt: '2031-01-01T00:00:00+01:00' },
      'expiresAt',
    ],
    ['POST', '/api/orgs/acme/tokens', { name: 'ci', role: 'viewer', app: '../web' }, 'app'],
    ['POST', DATABASES, { name: 'main', plan: 'gold' }, 'plan'],
    ['POST', DATABASES, { name: 'main', plan: 1 }, 'plan'],
    ['POST', DATABASES, { name: 'main', fromVolume: 1 }, 'fromVolume'],
    ['POST', DATABASES, { name: 'main', fromVolume: 'x'.repeat(65) }, 'fromVolume'],
    ['PUT', `${DATABASES}/main`, { plan: 'gold' }, 'plan'],
    ['PUT', `${DATABASES}/main`, { name: 'main' }, 'name'],
    ['PUT', `${DATABASES}/main`, { fromVolume: 'x' }, 'fromVolume'],
  ];

  it.each(cases)('%s %s %j is 400 at %s', async (method, path, json, field) => {
    const answer = await api.request(method, path, { token: api.tokens.operator, json });
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
    expect(answer.body.errors).toEqual([{ in: 'body', path: field, detail: expect.any(String) }]);
  });

  it('are all told at once', async () => {
    const answer = await api.post('/api/orgs/acme/tokens', { name: '', role: 'root', more: 1 });
    const errors = answer.body.errors as { path: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual(['more', 'name', 'role']);
  });
});
