import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { revokeToken } from '../../src/store/tokens.js';
import { fails } from '../provisioner/scripted-runtime.js';
import { bootApi, issueToken, type BootedApi } from './boot-api.js';

const MAIN = '/api/orgs/acme/apps/web/databases/main';
const SQL = `CREATE TABLE orders (id int);\n${'INSERT INTO orders VALUES (1);\n'.repeat(500)}`;

let api: BootedApi;
beforeEach(async () => {
  api = await bootApi();
  await api.readyDatabase();
});
afterEach(() => api[Symbol.asyncDispose]());

const filesLeft = (): string[] => {
  const folder = join(api.folder, 'backups', 'incoming');
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Begins an upload of so many bytes, and waits until it is asked for them. */
async function begin(token = api.tokens.acme.org.member, lengthBytes = SQL.length, expects = true) {
  const socket: Socket = connect(api.port, '127.0.0.1');
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(
    [
      `POST ${MAIN}/import HTTP/1.1`,
      'Host: localhost',
      `Authorization: Bearer ${token}`,
      `Content-Length: ${lengthBytes}`,
      ...(expects ? ['Expect: 100-continue'] : []),
      'Connection: close',
      '\r\n',
    ].join('\r\n'),
  );
  const until = async (condition: () => boolean) => {
    for (let tries = 0; !condition() && tries < 300; tries += 1) await sleep(10);
    expect(condition()).toBe(true);
  };
  if (expects) await until(() => said.includes('\r\n\r\n'));
  return {
    socket,
    until,
    said: () => said,
    /** The status of the answer, once the connection is closed. */
    async status(): Promise<string | undefined> {
      await closed;
      return /HTTP\/1\.1 ([2-5]\d\d)/.exec(said.replace('HTTP/1.1 100 Continue', ''))?.[1];
    },
  };
}

describe('an upload that takes its time', () => {
  it('is taken in pieces', async () => {
    const upload = await begin();
    expect(upload.said()).toMatch(/^HTTP\/1\.1 100 Continue/);
    for (let at = 0; at < SQL.length; at += 1000) {
      upload.socket.write(SQL.slice(at, at + 1000));
      await sleep(1);
    }
    expect(await upload.status()).toBe('202');
    await api.settle();
    expect(api.runtime.loads).toMatchObject([{ kind: 'script', given: Buffer.from(SQL) }]);
  });

  it('leaves no file when its client goes away', async () => {
    const upload = await begin();
    upload.socket.write(SQL.slice(0, 10_000));
    await upload.until(() => filesLeft().length === 1);
    upload.socket.destroy();
    await upload.until(() => filesLeft().length === 0);
    expect(api.store.all('SELECT * FROM loads')).toEqual([]);
    expect(api.logger.messages('error')).toEqual([]);
    expect((await api.get('/healthz')).status).toBe(200);
  });

  it('comes to nothing when its token was revoked meanwhile', async () => {
    const { id, token } = issueToken(api.store, { org: 'acme', role: 'member' });
    const upload = await begin(token);
    revokeToken(api.store, id);
    upload.socket.write(SQL);
    expect(await upload.status()).toBe('401');
    expect(filesLeft()).toEqual([]);
  });

  it('comes to nothing when its database was deleted meanwhile', async () => {
    const upload = await begin();
    await api.delete(MAIN);
    upload.socket.write(SQL);
    expect(await upload.status()).toBe('409');
    expect(filesLeft()).toEqual([]);
  });
});

describe('an upload that is refused', () => {
  it('is never asked for its bytes when its client may not', async () => {
    const upload = await begin(api.tokens.acme.org.viewer);
    expect(upload.said()).toMatch(/^HTTP\/1\.1 403/);
    expect(await upload.status()).toBe('403');
  });

  it('is never asked for its bytes when something is in its way', async () => {
    api.runtime.script('requireEmpty', fails('not_empty', 'The database holds 3 tables'));
    const upload = await begin();
    expect(upload.said()).toMatch(/^HTTP\/1\.1 409/);
    expect(await upload.status()).toBe('409');
  });

  it('is answered in the middle, and cut when it goes on', async () => {
    const upload = await begin(api.tokens.acme.org.member, 10_000_000_000, false);
    upload.socket.write(Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(10_000)]));
    const sending = setInterval(() => upload.socket.writable && upload.socket.write(Buffer.alloc(1000)), 20);
    expect(await upload.status()).toBe('400');
    clearInterval(sending);
    expect(filesLeft()).toEqual([]);
  });
});

describe('curl', () => {
  const curl = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('curl', [
      '-sS',
      '-H',
      `Authorization: Bearer ${api.tokens.acme.org.member}`,
      '-w',
      '\n%{http_code}',
      ...args,
      `${api.url}${MAIN}/import`,
    ]);
    return stdout.split('\n').at(-1);
  };
  const file = (content: string | Buffer): string => {
    const path = join(api.folder, 'upload');
    writeFileSync(path, content);
    return path;
  };
  const long = Buffer.from(`SELECT 1;\n${'-- a comment that fills the file\n'.repeat(100_000)}`);

  it.each([
    ['-T', (path: string) => ['-X', 'POST', '-T', path]],
    ['--data-binary', (path: string) => ['--data-binary', `@${path}`]],
  ])('uploads with %s', async (_, args) => {
    expect(await curl(...args(file(long)))).toBe('202');
    await api.settle();
    expect(api.runtime.loads).toMatchObject([{ kind: 'script' }]);
    expect((api.runtime.loads[0]?.given as Buffer).equals(long)).toBe(true);
  });

  it('is told that -d broke the file', async () => {
    expect(await curl('-d', `@${file('-- one\nSELECT 1;\n')}`)).toBe('400');
  });

  it('is told why its file is none', async () => {
    expect(await curl('-X', 'POST', '-T', file(Buffer.alloc(5_000_000, 1)))).toBe('400');
  });
});
