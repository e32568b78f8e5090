import { bootApi } from './boot-api.js';

describe('/healthz', () => {
  it('answers as long as the process does, whatever else is wrong', async () => {
    await using api = await bootApi({ deps: { checkRuntime: () => Promise.reject(new Error('no')) } });
    const answer = await api.get('/healthz', { token: null });
    expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
  });
});

describe('/readyz', () => {
  it('is 200 when the store and the runtime can be used', async () => {
    await using api = await bootApi();
    const answer = await api.get('/readyz', { token: null });
    expect([answer.status, answer.body]).toEqual([
      200,
      { status: 'ready', backups: { overdue: 0, oldestLastGoodAgeSeconds: null } },
    ]);
  });

  it('is 503 and says what to do when the runtime cannot be used', async () => {
    const error = new Error('Docker does not answer at /var/run/docker.sock: start it');
    await using api = await bootApi({ deps: { checkRuntime: () => Promise.reject(error) } });
    const answer = await api.get('/readyz', { token: null });
    expect([answer.status, answer.body.title, answer.body.detail]).toEqual([
      503,
      'not usable',
      error.message,
    ]);
  });

  it('gives the runtime a signal that ends its check in time', async () => {
    const signals: AbortSignal[] = [];
    await using api = await bootApi({
      deps: {
        checkRuntime: (signal) => {
          signals.push(signal);
          return Promise.resolve();
        },
      },
    });
    await api.get('/readyz', { token: null });
    expect(signals).toEqual([expect.any(AbortSignal)]);
  });

  it('is 503 when the control database cannot be read', async () => {
    await using api = await bootApi();
    api.store.close();
    const answer = await api.get('/readyz', { token: null });
    expect([answer.status, answer.body.title]).toEqual([503, 'not usable']);
    expect(answer.body.detail).toMatch(/^the control database cannot be read/);
  });
});

describe('/docs', () => {
  it('is a page whose parts are all there and all from here', async () => {
    await using api = await bootApi();
    const page = await api.get('/docs', { token: null });
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    const parts = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(parts).toHaveLength(3);
    for (const path of parts) {
      expect(path).toMatch(/^\/docs\//);
      const part = await api.get(path, { token: null });
      expect([path, part.status]).toEqual([path, 200]);
      expect(part.headers.get('content-type')).toMatch(path.endsWith('.css') ? /^text\/css/ : /javascript/);
      expect(part.text.length).toBeGreaterThan(20);
    }
  });

  it('reads the document that is there', async () => {
    await using api = await bootApi();
    const script = await api.get('/docs/start.js', { token: null });
    const [, url = ''] = /url: '([^']+)'/.exec(script.text) ?? [];
    expect((await api.get(url, { token: null })).status).toBe(200);
  });

  it('may load nothing from elsewhere, and not be framed', async () => {
    await using api = await bootApi();
    for (const path of ['/docs', '/docs/swagger-ui.css', '/docs/start.js']) {
      const policy = (await api.get(path, { token: null })).headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|\*/);
    }
  });
});
