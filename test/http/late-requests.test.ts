import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { revokeToken } from '../../src/store/tokens.js';
import { bootApi, issueToken, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';

/**
 * Begins a request whose body is still to come. Node says "100 Continue" just before it hands the request to
 * the API: once it is here, the caller was let in and the body is waited for.
 */
async function beginSlowly(api: BootedApi, method: string, path: string, token: string) {
  const body = '{"name":"other"}';
  const socket: Socket = connect(api.port, '127.0.0.1');
  const headers = [
    `${method} ${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Expect: 100-continue',
    'Connection: close',
  ];
  socket.write(`${headers.join('\r\n')}\r\n\r\n`);
  const [said] = (await once(socket, 'data')) as [Buffer];
  expect(said.toString()).toContain('100 Continue');
  return {
    socket,
    /** Sends the body, or another, and gives the status and the title or status of the answer. */
    async finish(text = body): Promise<string> {
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.write(text.padEnd(body.length));
      await once(socket, 'close');
      const json = JSON.parse(answer.slice(answer.indexOf('{'))) as { title?: string; status?: string };
      return `${answer.split(' ')[1]} ${json.title ?? json.status}`;
    },
  };
}

describe('a request whose body takes its time', () => {
  it('goes on as it was let in when nothing happened meanwhile', async () => {
    await using api = await bootApi();
    const request = await beginSlowly(api, 'POST', DATABASES, api.tokens.acme.org.member);
    expect(await request.finish()).toBe('202 pending');
  });

  it('changes nothing when its token was revoked meanwhile', async () => {
    await using api = await bootApi();
    const { id, token } = issueToken(api.store, { org: 'acme', role: 'member' });
    const request = await beginSlowly(api, 'POST', DATABASES, token);
    revokeToken(api.store, id);
    expect(await request.finish()).toBe('401 unauthorized');
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
  });

  it('creates nothing when the org was suspended meanwhile', async () => {
    await using api = await bootApi();
    const request = await beginSlowly(api, 'POST', DATABASES, api.tokens.acme.org.member);
    await api.patch('/api/orgs/acme', { status: 'suspended' }, { token: api.tokens.operator });
    expect(await request.finish()).toBe('409 tenant is not ready');
  });

  it('creates nothing in an app that was deleted meanwhile', async () => {
    await using api = await bootApi();
    const request = await beginSlowly(api, 'POST', DATABASES, api.tokens.acme.org.member);
    await api.delete('/api/orgs/acme/apps/web');
    expect(await request.finish()).toBe('404 app not found');
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
  });

  it.each(['restart', 'reveal'])('does not %s a database that was deleted meanwhile', async (verb) => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const request = await beginSlowly(api, 'POST', `${DATABASES}/main/${verb}`, api.tokens.acme.org.admin);
    await api.delete(`${DATABASES}/main`);
    await api.settle();
    expect(await request.finish('{}')).toBe('404 database not found');
    const { body } = await api.get(`${DATABASES}/${id}/operations`);
    expect((body.data as { kind: string }[]).map(({ kind }) => kind)).toEqual(['remove', 'provision']);
  });

  it('does not restart a database that is being deleted by now', async () => {
    await using api = await bootApi();
    await api.readyDatabase();
    const request = await beginSlowly(api, 'POST', `${DATABASES}/main/restart`, api.tokens.acme.org.admin);
    await api.delete(`${DATABASES}/main`);
    expect(await request.finish('{}')).toBe('409 database is being deleted');
  });

  it('leaves nothing behind when its client goes away', async () => {
    await using api = await bootApi();
    const request = await beginSlowly(api, 'POST', DATABASES, api.tokens.acme.org.member);
    const answered = new Promise<void>((resolve) => {
      const keep = api.logger.info;
      api.logger.info = (fields, message) => {
        keep(fields, message);
        resolve();
      };
    });
    request.socket.destroy();
    await answered;
    expect(api.store.all('SELECT * FROM databases')).toEqual([]);
    expect(api.logger.messages('error')).toEqual([]);
    expect((await api.get('/healthz')).status).toBe(200);
  });
});
