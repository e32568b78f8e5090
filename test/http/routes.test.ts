import { createApp } from '../../src/http/app.js';
import { pathOf } from '../../src/http/endpoint.js';
import { bootApi } from './boot-api.js';
import { endpointTable, PUBLIC_PATHS } from './endpoint-table.js';

/** What Express' router holds, of what we look at. */
interface Layer {
  name: string;
  slash: boolean;
  rawPath: string;
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

async function layers(): Promise<Layer[]> {
  await using api = await bootApi();
  const { router } = createApp(api.deps, { version: '1.2.3' }) as unknown as { router: { stack: Layer[] } };
  return router.stack.flatMap((layer) => [layer, ...(layer.handle.stack ?? [])]);
}

describe('the router', () => {
  it('has the endpoints of the table and the public pages, and no route besides', async () => {
    const routes = (await layers())
      .flatMap(({ route }) => (route ? [route] : []))
      .flatMap(({ path, methods }) =>
        Object.keys(methods)
          .filter((method) => method !== '_all')
          .map((method) => `${method} ${path}`),
      );
    const table = endpointTable().map((endpoint) => `${endpoint.method} ${pathOf(endpoint)}`);
    const open = [...PUBLIC_PATHS, '/docs/start.js'].map((path) => `get ${path}`);
    expect(routes.sort()).toEqual([...table, ...open].sort());
  });

  it('has no other middleware, which could answer around the table', async () => {
    const others = (await layers()).filter(({ route }) => !route);
    expect(others.map(({ name, slash, rawPath }) => `${name} ${slash ? '/' : rawPath}`)).toEqual([
      'assignRequestId /',
      // One line per answer, the security headers, and the routers of health and docs.
      '<anonymous> /',
      '<anonymous> /',
      '<anonymous> /api',
      'router /',
      'router /',
      '<anonymous> /docs',
      'serveStatic /docs',
      // What nothing answered, and what was thrown.
      '<anonymous> /',
      '<anonymous> /',
    ]);
  });

  it('matches no path twice, so that none hides another', () => {
    const shapes = endpointTable().map(
      (endpoint) => `${endpoint.method} ${pathOf(endpoint).replace(/:\w+/g, ':')}`,
    );
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('a path', () => {
  it.each(endpointTable().map((endpoint) => pathOf(endpoint)))(
    'answers 405 with Allow to a method that it does not have: %s',
    async (path) => {
      await using api = await bootApi();
      const methods = endpointTable()
        .filter((endpoint) => pathOf(endpoint) === path)
        .map(({ method }) => method.toUpperCase());
      const at = path.replace(/:\w+/g, 'x');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (methods.includes(method)) continue;
        const answer = await api.request(method, at);
        expect([method, answer.status, answer.body.title]).toEqual([method, 405, 'method not allowed']);
        const allowed = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
        expect(answer.headers.get('allow')?.split(', ').sort()).toEqual([...allowed].sort());
      }
    },
  );

  it.each(PUBLIC_PATHS)('that is public answers 405 with Allow to all but GET and HEAD: %s', async (path) => {
    await using api = await bootApi();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const answer = await api.request(method, path, { token: null });
      expect([method, answer.status, answer.body.title]).toEqual([method, 405, 'method not allowed']);
      expect(answer.headers.get('allow')).toBe('GET, HEAD');
    }
    expect((await fetch(`${api.url}${path}`, { method: 'HEAD' })).status).toBe(200);
  });

  it.each(['/', '/api', '/api/', '/api/nothing', '/api/orgs/acme/nothing', '/docs/nothing', '/.env'])(
    'that leads nowhere is 404: %s',
    async (path) => {
      await using api = await bootApi();
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await api.request(method, path);
        expect([answer.status, answer.body.title]).toEqual([404, 'not found']);
      }
    },
  );

  it.each([
    '/api/orgs/%',
    '/api/orgs/%zz',
    '/api/orgs/acme/apps/%E0%A4%A',
    '/api/orgs/acme/apps/web/databases/%ff',
  ])('that is not valid percent-encoding is 400: %s', async (path) => {
    await using api = await bootApi();
    const answer = await api.get(path);
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
  });

  it.each([
    '/docs/%zz',
    '/docs/%00',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/package.json',
    '/docs/package.json/x',
  ])('below /docs gives nothing but the page’s own files: %s', async (path) => {
    await using api = await bootApi();
    expect((await api.get(path)).status).toBe(404);
  });

  it('is asked by HEAD as by GET, without a body', async () => {
    await using api = await bootApi();
    const { token } = { token: api.tokens.acme.org.viewer };
    const response = await fetch(`${api.url}/api/orgs/acme/apps/web/databases`, {
      method: 'HEAD',
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    expect((await fetch(`${api.url}/api/orgs`, { method: 'HEAD' })).status).toBe(401);
  });
});

describe('every answer', () => {
  it('has a request id of its own, is not cached if it is of the API, and is what it says it is', async () => {
    await using api = await bootApi();
    const ids = new Set<string | null>();
    const paths = ['/healthz', '/readyz', '/docs', '/api/openapi.json', '/api/orgs', '/nowhere'];
    for (const path of paths) {
      const { headers } = await api.get(path, { token: api.tokens.operator });
      ids.add(headers.get('x-request-id'));
      expect([path, headers.get('cache-control') === 'no-store']).toEqual([path, path.startsWith('/api')]);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-powered-by')).toBeNull();
    }
    expect(ids.size).toBe(paths.length);
    expect(ids).not.toContain(null);
  });

  it('is logged once, with its id, and neither its query nor its secrets', async () => {
    await using api = await bootApi();
    const answer = await api.get('/api/orgs/acme/apps/web/databases?limit=5');
    const lines = api.logger.lines.filter(({ message }) => message === 'answered');
    expect(lines).toEqual([
      {
        level: 'debug',
        message: 'answered',
        fields: {
          requestId: answer.headers.get('x-request-id'),
          method: 'GET',
          path: '/api/orgs/acme/apps/web/databases',
          status: 200,
          tookMs: expect.any(Number),
          tokenId: expect.stringMatching(/^[0-9]/),
        },
      },
    ]);
  });

  it('to a fault of ours tells nobody what it was, but the log', async () => {
    const error = new Error('password=hunter2');
    await using api = await bootApi({
      deps: {
        newCredential: () => {
          throw error;
        },
      },
    });
    const answer = await api.post('/api/orgs/acme/apps/web/databases', { name: 'main' });
    expect([answer.status, answer.body.title]).toEqual([500, 'internal error']);
    expect(answer.text).not.toContain('hunter2');
    expect(api.logger.lines).toContainEqual({
      level: 'error',
      message: 'a request failed',
      fields: { err: error, requestId: answer.headers.get('x-request-id') },
    });
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
    expect(api.store.all('SELECT * FROM volumes')).toEqual([]);
  });
});
