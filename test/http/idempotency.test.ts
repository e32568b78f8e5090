import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from './check-contract.js';
import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const DAY_MS = 24 * 3_600_000;

const keyed = (key: string) => ({ headers: { 'Idempotency-Key': key } });
const rows = (api: BootedApi, table: string) => api.store.all(`SELECT * FROM ${table}`).length;

/** An answer, but for the id of its request. */
const essence = ({ status, body, headers }: Answer) => ({
  status,
  body: body as unknown,
  location: headers.get('location'),
});

describe('an Idempotency-Key', () => {
  it('gives the same answer to the same request, and does it once', async () => {
    await using api = await bootApi();
    const first = await api.post(DATABASES, { name: 'main' }, keyed('deploy-42'));
    await api.settle();
    const again = await api.post(DATABASES, { name: 'main' }, keyed('deploy-42'));
    expect(essence(again)).toEqual(essence(first));
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(rows(api, 'databases')).toBe(1);
    const audit = await api.get('/api/orgs/acme/audit');
    expect(audit.body.data).toMatchObject([
      {
        action: 'request.replay',
        target: DATABASES,
        detail: { key: 'deploy-42' },
        requestId: again.headers.get('x-request-id'),
      },
      { action: 'operation.provision.succeeded' },
      { action: 'database.create' },
    ]);
  });

  it('that gives a secret again tells the audit log who asked, and not the secret', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    for (let times = 0; times < 2; times++) await api.post(`${DATABASES}/main/reveal`, undefined, keyed('k'));
    const audit = await api.get('/api/orgs/acme/audit');
    expect(audit.body.data[0]).toMatchObject({
      org: 'acme',
      actor: expect.stringMatching(/^[0-9]/),
      action: 'request.replay',
      target: `${DATABASES}/main/reveal`,
    });
    expect(audit.text).not.toContain(api.passwords[0]);
  });

  it.each([
    ['/api/orgs', { slug: 'initech' }],
    ['/api/orgs/acme/apps', { slug: 'blog' }],
    ['/api/orgs/acme/tokens', { name: 'ci', role: 'viewer' }],
    [`${DATABASES}/main/restart`, undefined],
    [`${DATABASES}/main/reveal`, undefined],
    ['/api/orgs/acme/apps/web/env', undefined],
  ])('holds on every POST: %s', async (path, json) => {
    await using api = await bootApi();
    await api.readyDatabase();
    const options = { token: api.tokens.operator, ...keyed('k') };
    const first = await api.post(path, json, options);
    expect(first.status).toBeLessThan(300);
    const again = await api.post(path, json, options);
    expect(essence(again)).toEqual(essence(first));
  });

  it('gives a token again that would be shown once only, to the one who made it', async () => {
    await using api = await bootApi();
    const json = { name: 'ci', role: 'viewer' };
    const first = await api.post('/api/orgs/acme/tokens', json, keyed('k'));
    const count = rows(api, 'tokens');
    const again = await api.post('/api/orgs/acme/tokens', json, keyed('k'));
    expect(again.body.token).toBe(first.body.token);
    expect(rows(api, 'tokens')).toBe(count);
  });

  it('is one for a hundred at once', async () => {
    await using api = await bootApi();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => api.post(DATABASES, { name: 'main' }, keyed('k'))),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(essence(answer)))).size).toBe(1);
    expect(rows(api, 'databases')).toBe(1);
    expect(rows(api, 'idempotency_keys')).toBe(1);
  });

  it.each([
    ['another body', DATABASES, { name: 'other' }],
    ['another path', '/api/orgs/acme/apps/shop/databases', { name: 'main' }],
  ])('is refused with %s', async (_, path, json) => {
    await using api = await bootApi();
    await api.post(DATABASES, { name: 'main' }, keyed('k'));
    const answer = await api.post(path, json, keyed('k'));
    expect([answer.status, answer.body.title]).toEqual([409, 'idempotency key reused']);
    expect(rows(api, 'databases')).toBe(1);
  });

  it('of another token is another key', async () => {
    await using api = await bootApi();
    const { member, owner } = api.tokens.acme.org;
    await api.post(DATABASES, { name: 'main' }, { token: member, ...keyed('k') });
    const other = await api.post(DATABASES, { name: 'other' }, { token: owner, ...keyed('k') });
    expect(other.status).toBe(202);
    const theirs = await api.post(
      '/api/orgs/globex/apps/web/databases',
      { name: 'main' },
      { token: api.tokens.globex.org.owner, ...keyed('k') },
    );
    expect(theirs.body.org).toBe('globex');
  });

  it('keeps nothing of a request that failed, which can be sent again', async () => {
    await using api = await bootApi({ plan: 'developer' });
    await api.post(DATABASES, { name: 'main' });
    const refused = await api.post(DATABASES, { name: 'other' }, keyed('k'));
    expect(refused.status).toBe(429);
    expect((await api.post(DATABASES, { name: 'NO' }, keyed('k'))).status).toBe(400);
    expect(rows(api, 'idempotency_keys')).toBe(0);
    await api.patch('/api/orgs/acme', { plan: 'team' }, { token: api.tokens.operator });
    expect((await api.post(DATABASES, { name: 'other' }, keyed('k'))).status).toBe(202);
  });

  it('does not open what the token may not see any more', async () => {
    await using api = await bootApi();
    const token = api.tokens.acme.web.admin;
    await api.readyDatabase();
    await api.post(`${DATABASES}/main/reveal`, undefined, { token, ...keyed('k') });
    await api.delete(`${DATABASES}/main`);
    await api.settle();
    const gone = await api.post(`${DATABASES}/main/reveal`, undefined, { token, ...keyed('k') });
    expect(gone.body.title).toBe('database not found');
    await api.delete('/api/orgs/acme/apps/web');
    const revoked = await api.post(`${DATABASES}/main/reveal`, undefined, { token, ...keyed('k') });
    expect(revoked.status).toBe(401);
  });

  it('is forgotten after a day', async () => {
    await using api = await bootApi();
    await api.post('/api/orgs/acme/apps', { slug: 'blog' }, keyed('k'));
    api.clock.advance(DAY_MS - 1);
    expect((await api.post('/api/orgs/acme/apps', { slug: 'blog' }, keyed('k'))).status).toBe(201);
    api.clock.advance(1);
    expect((await api.post('/api/orgs/acme/apps', { slug: 'blog' }, keyed('k'))).status).toBe(409);
  });

  it('means nothing on other methods', async () => {
    await using api = await bootApi();
    await api.put(`${DATABASES}/main`, {}, keyed('k'));
    await api.delete(`${DATABASES}/main`, keyed('k'));
    expect(rows(api, 'idempotency_keys')).toBe(0);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256), 'clé', 'a, b'])('is refused when it is %j', async (key) => {
    await using api = await bootApi();
    const answer = await api.post(DATABASES, { name: 'main' }, keyed(key));
    expect([answer.status, answer.body.title]).toEqual([400, 'invalid request']);
    expect(answer.body.errors).toEqual([
      { in: 'header', path: 'Idempotency-Key', detail: expect.stringContaining('1 to 255') },
    ]);
    expect(rows(api, 'databases')).toBe(0);
  });

  it('may be anything visible', async () => {
    await using api = await bootApi();
    const key = `${'x'.repeat(250)}/:'"%`;
    expect((await api.post(DATABASES, { name: 'main' }, keyed(key))).status).toBe(202);
    expect((await api.post(DATABASES, { name: 'main' }, keyed(key))).status).toBe(202);
  });
});

describe('the control database', () => {
  it('holds no secret that anybody could use, in no file of it', async () => {
    await using api = await bootApi();
    const { tokens, passwords } = api;
    const token = await api.post('/api/orgs/acme/tokens', { name: 'ci', role: 'deploy' }, keyed('token'));
    await api.readyDatabase();
    const reveal = await api.post(`${DATABASES}/main/reveal`, undefined, keyed('reveal'));
    const env = await api.post('/api/orgs/acme/apps/web/env', undefined, keyed('env'));
    await api.get('/api/orgs/acme/apps/web/env', { token: token.body.token as string });
    expect(rows(api, 'idempotency_keys')).toBe(3);

    const secrets = [
      ...passwords,
      ...passwords.map((password) => `verifier-of-${password}`),
      token.body.token as string,
      (token.body.token as string).slice(-64),
      tokens.operator,
      tokens.acme.org.owner,
      tokens.acme.org.owner.slice(-64),
      reveal.body.dsn as string,
      reveal.body.directDsn as string,
      env.body.DATABASE_URL as string,
      'postgresql://',
    ];
    const files = readdirSync(api.folder).filter((name) => name !== 'backups');
    expect(files.sort()).toEqual(['paasdb.sqlite', 'paasdb.sqlite-shm', 'paasdb.sqlite-wal']);
    for (const file of files) {
      const bytes = readFileSync(join(api.folder, file));
      for (const secret of secrets) {
        for (const form of [
          secret,
          Buffer.from(secret).toString('base64'),
          Buffer.from(secret).toString('hex'),
        ]) {
          expect([file, form, bytes.includes(form)]).toEqual([file, form, false]);
        }
      }
    }
    // What is looked for would be found: the name of the database is there.
    expect(readFileSync(join(api.folder, 'paasdb.sqlite-wal')).includes('web/main')).toBe(true);
  });

  it('is not told a secret by way of the log', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    await api.post(`${DATABASES}/main/reveal`, undefined, keyed('k'));
    await api.get('/api/orgs/acme/apps/web/env');
    await api.get(`${DATABASES}?token=${api.tokens.operator}`);
    const log = JSON.stringify(api.logger.lines);
    for (const secret of [...api.passwords, api.tokens.operator, api.tokens.acme.org.owner]) {
      expect(log).not.toContain(secret);
    }
  });
});
