import Sqlite from 'better-sqlite3';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readConfig } from '../src/config.js';
import { startDaemon, type Daemon } from '../src/daemon.js';
import { generateBackupKeyFile } from '../src/secrets/backup-keys.js';
import { generateKeyLine, Keyring } from '../src/secrets/keyring.js';
import { MemoryLogger } from './memory-logger.js';
import { MIGRATIONS } from './repository.js';
import { temporaryFolder } from './temporary-folder.js';

/** A data directory, and daemons on it that find no Docker Engine. */
function installation() {
  const folder = temporaryFolder();
  const dataDir = join(folder.path, 'data');
  const started: Daemon[] = [];
  const logger = new MemoryLogger();
  return {
    dataDir,
    logger,
    path: (name: string) => join(dataDir, name),
    async start(
      environment: Record<string, string> = {},
      { migrationsFolder } = { migrationsFolder: MIGRATIONS },
    ): Promise<Daemon> {
      const config = readConfig({
        PAASDB_DATA_DIR: dataDir,
        PAASDB_PORT: '0',
        DOCKER_HOST: `unix://${join(folder.path, 'no-engine.sock')}`,
        ...environment,
      });
      const daemon = await startDaemon({ config, logger, version: '1.2.3', migrationsFolder });
      started.push(daemon);
      return daemon;
    },
    operatorToken: () => readFileSync(join(dataDir, 'operator-token'), 'utf8').trim(),
    async [Symbol.asyncDispose]() {
      for (const daemon of started) await daemon.stop();
      folder[Symbol.dispose]();
    },
  };
}

type Installation = ReturnType<typeof installation>;

const DATABASES = '/api/orgs/default/apps/web/databases';

async function call(daemon: Daemon, method: string, path: string, token: string, json?: unknown) {
  const response = await fetch(daemon.url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: json === undefined ? null : JSON.stringify(json),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** A database, whose credential is sealed with the key of this installation. Returns its URL. */
async function createDatabase(daemon: Daemon, token: string): Promise<unknown> {
  await call(daemon, 'POST', '/api/orgs/default/apps', token, { slug: 'web' });
  expect((await call(daemon, 'POST', DATABASES, token, { name: 'main' })).status).toBe(202);
  return urlOf(daemon, token);
}

const urlOf = async (daemon: Daemon, token: string) =>
  (await call(daemon, 'POST', `${DATABASES}/main/reveal`, token)).body.dsn;

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the first start', () => {
  it('makes the data directory, the keys and the operator’s token, for nobody else to read', async () => {
    await using here = installation();
    const daemon = await here.start();
    expect(modeOf(here.dataDir)).toBe(0o700);
    expect(modeOf(here.path('master.key'))).toBe(0o600);
    expect(modeOf(here.path('backup.key'))).toBe(0o600);
    expect(modeOf(here.path('operator-token'))).toBe(0o600);
    const { status, body } = await call(daemon, 'GET', '/api/orgs/default', here.operatorToken());
    expect([status, body.plan]).toEqual([200, 'enterprise']);
  });

  it('says neither key nor token in the log', async () => {
    await using here = installation();
    await here.start();
    const log = JSON.stringify(here.logger.lines);
    expect(log).not.toContain(here.operatorToken());
    expect(log).not.toContain(readFileSync(here.path('master.key'), 'utf8').split(' ')[1]?.trim());
    expect(log).not.toContain('AGE-SECRET-KEY');
    expect(here.logger.messages('info')).toContain('paasdb is up');
  });

  it('says how to read the operator’s token', async () => {
    await using here = installation();
    await here.start();
    const hints = here.logger.messages('info').filter((message) => message.includes('token'));
    expect(hints).toEqual([expect.stringContaining(`cat ${here.path('operator-token')}\``)]);
  });

  it('serves although there is no engine, and says so', async () => {
    await using here = installation();
    const daemon = await here.start();
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${daemon.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(((await ready.json()) as { detail: string }).detail).toMatch(/docker/i);
  });

  it('tells of settings that it does not know', async () => {
    await using here = installation();
    await here.start({ PAASDB_PROT: '80' });
    expect(here.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { name: 'PAASDB_PROT' } }),
    );
  });
});

describe('an upgrade', () => {
  /** A release that has one migration more. */
  function release(statement: string) {
    const folder = temporaryFolder();
    for (const file of readdirSync(MIGRATIONS)) copyFileSync(join(MIGRATIONS, file), join(folder.path, file));
    const next = `${String(readdirSync(MIGRATIONS).length + 1).padStart(4, '0')}_next.sql`;
    writeFileSync(join(folder.path, next), statement);
    return { migrationsFolder: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  }

  it('keeps a copy of the control database in the backup directory', async () => {
    await using here = installation();
    using next = release('CREATE TABLE more (id TEXT) STRICT;');
    await (await here.start()).stop();
    mkdirSync(here.path('elsewhere'));
    await here.start({ PAASDB_BACKUP_DIR: here.path('elsewhere') }, next);
    expect(readdirSync(here.path('elsewhere/control'))).toEqual([
      `paasdb-schema-${readdirSync(MIGRATIONS).length}.sqlite`,
    ]);
  });

  it('that fails leaves an installation which the release before starts on', async () => {
    await using here = installation();
    using next = release('DROP TABLE orgs; NONSENSE;');
    const first = await here.start();
    const token = here.operatorToken();
    const url = await createDatabase(first, token);
    await first.stop();
    await expect(here.start({}, next)).rejects.toThrow(/start the version that ran before/);
    expect(await urlOf(await here.start(), token)).toBe(url);
  });
});

describe('the next start', () => {
  it('finds what was there, and goes on with it', async () => {
    await using here = installation();
    const first = await here.start();
    const token = here.operatorToken();
    const url = await createDatabase(first, token);
    await first.stop();
    const second = await here.start();
    expect(here.operatorToken()).toBe(token);
    expect(await urlOf(second, token)).toBe(url);
  });

  it('can be given another operator’s token, and takes the old one for nothing then', async () => {
    await using here = installation();
    const first = await here.start();
    const old = here.operatorToken();
    await first.stop();
    const token = 'a-token-of-the-operators-own-making';
    const second = await here.start({ PAASDB_OPERATOR_TOKEN: token });
    expect((await call(second, 'GET', '/api/orgs', token)).status).toBe(200);
    expect((await call(second, 'GET', '/api/orgs', old)).status).toBe(401);
  });

  it('is refused while another daemon is on the same data directory', async () => {
    await using here = installation();
    const first = await here.start();
    await expect(here.start()).rejects.toThrow(/another paasdb daemon runs on/);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    await first.stop();
    await here.start();
  });

  it('is refused without the key file, and makes no new one', async () => {
    await using here = installation();
    await (await here.start()).stop();
    rmSync(here.path('master.key'));
    await expect(here.start()).rejects.toThrow(/the key file .*master\.key is missing/);
    expect(() => statSync(here.path('master.key'))).toThrow(/ENOENT/);
  });

  it('is refused with a key file that lacks a key in use, which it names', async () => {
    await using here = installation();
    const first = await here.start();
    await createDatabase(first, here.operatorToken());
    await first.stop();
    const right = readFileSync(here.path('master.key'), 'utf8');
    writeFileSync(here.path('master.key'), generateKeyLine());
    await expect(here.start()).rejects.toThrow(
      `does not hold the key(s) ${Keyring.parse(right).activeKeyId}`,
    );
    writeFileSync(here.path('master.key'), right);
    await here.start();
  });

  it('is refused with a key file that is faulty, with the line and not the key', async () => {
    await using here = installation();
    await (await here.start()).stop();
    appendFileSync(here.path('master.key'), 'k2 hunter2\n');
    const refusal = here.start();
    await expect(refusal).rejects.toThrow(/line 2 is not/);
    await expect(refusal).rejects.not.toThrow(/hunter2/);
  });

  it('is refused without the key file that backups need, and goes on with another that somebody made', async () => {
    await using here = installation();
    const first = await here.start();
    await createDatabase(first, here.operatorToken());
    await first.stop();
    const recipient = `age1${'q'.repeat(58)}`;
    withSql(here, (sql) => {
      sql.exec(
        `INSERT INTO backups (id, database_id, operation_id, kind, engine_version, created_at, recipient)
         SELECT 'b', database_id, id, 'manual', 18, created_at, '${recipient}' FROM operations`,
      );
    });
    rmSync(here.path('backup.key'));
    await expect(here.start()).rejects.toThrow(
      new RegExp(`the key file .*backup\\.key is missing, .*${recipient}: put the file back`),
    );
    expect(() => statSync(here.path('backup.key'))).toThrow(/ENOENT/);
    writeFileSync(here.path('backup.key'), await generateBackupKeyFile(new Date()));
    await here.start();
    expect(here.logger.lines).toContainEqual({
      level: 'error',
      fields: { path: here.path('backup.key'), recipients: [recipient] },
      message: expect.stringContaining('they cannot be read without'),
    });
  });

  it('is refused without the secret of its bucket, and starts although the bucket is away', async () => {
    await using here = installation();
    const bucket = {
      PAASDB_S3_BUCKET: 'copies',
      PAASDB_S3_ENDPOINT: 'http://127.0.0.1:1',
      PAASDB_S3_ACCESS_KEY_ID: 'AKIA',
      PAASDB_S3_SECRET_ACCESS_KEY_FILE: here.path('s3-secret'),
    };
    await expect(here.start(bucket)).rejects.toThrow(/s3-secret must hold the secret/);
    writeFileSync(here.path('s3-secret'), 'hunter2\n');
    const daemon = await here.start(bucket);
    expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
    expect(JSON.stringify(here.logger.lines)).not.toContain('hunter2');
  });

  it('makes no key for backups where none are to be encrypted', async () => {
    await using here = installation();
    await here.start({ PAASDB_BACKUP_ENCRYPTION: 'none' });
    expect(() => statSync(here.path('backup.key'))).toThrow(/ENOENT/);
  });

  it('is refused on a database of a newer version', async () => {
    await using here = installation();
    await (await here.start()).stop();
    withSql(here, (sql) => sql.pragma('user_version = 9999'));
    await expect(here.start()).rejects.toThrow(/start the newer version/);
  });

  it('seals anew with a key that was put first, after which the old one can go', async () => {
    await using here = installation();
    const first = await here.start();
    const token = here.operatorToken();
    const url = await createDatabase(first, token);
    await first.stop();
    const oldLine = readFileSync(here.path('master.key'), 'utf8');
    const newLine = generateKeyLine();

    writeFileSync(here.path('master.key'), newLine + oldLine);
    await (await here.start()).stop();
    expect(here.logger.messages('info')).toContain('credentials were encrypted anew with the active key');

    writeFileSync(here.path('master.key'), newLine);
    expect(await urlOf(await here.start(), token)).toBe(url);
  });

  it('says which event of the audit log was altered, and serves all the same', async () => {
    await using here = installation();
    const first = await here.start();
    await createDatabase(first, here.operatorToken());
    await first.stop();
    withSql(here, (sql) => {
      sql.exec(`DROP TRIGGER audit_events_no_update; UPDATE audit_events SET actor = 'nobody' WHERE id = 2`);
    });
    const second = await here.start();
    expect(here.logger.lines).toContainEqual({
      level: 'error',
      fields: { eventId: 2 },
      message: expect.stringContaining('the audit log was altered'),
    });
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
  });
});

describe('a start that fails', () => {
  it('leaves nothing running and nothing locked', async () => {
    await using here = installation();
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
    const { port } = occupant.address() as AddressInfo;
    await expect(here.start({ PAASDB_PORT: String(port) })).rejects.toThrow(/EADDRINUSE/);
    await new Promise((resolve) => occupant.close(resolve));
    await here.start({ PAASDB_PORT: String(port) });
  });
});

describe('a schedule of backups that is none', () => {
  it('is refused at the start, with the setting and what is wrong, and nothing was made', async () => {
    await using here = installation();
    await expect(here.start({ PAASDB_BACKUP_SCHEDULE: '61 3 * * *' })).rejects.toThrow(
      /^PAASDB_BACKUP_SCHEDULE=61 3 \* \* \*: must be five fields of cron.*minute/,
    );
    expect(() => statSync(here.dataDir)).toThrow(/ENOENT/);
    await here.start({ PAASDB_BACKUP_SCHEDULE: '59 23 * * 0' });
  });
});

describe('stopping', () => {
  it('ends what waits, keeps what is queued, and can be asked twice', async () => {
    await using here = installation();
    const daemon = await here.start();
    const token = here.operatorToken();
    await createDatabase(daemon, token);
    const waiting = fetch(`${daemon.url}${DATABASES}/main/restart`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, Prefer: 'wait=60' },
    });
    // It waits from the moment its audit event is there.
    const events = async () => JSON.stringify(await call(daemon, 'GET', '/api/orgs/default/audit', token));
    while (!(await events()).includes('database.restart'));
    await daemon.stop();
    await daemon.stop();
    expect((await waiting).status).toBe(202);
    await expect(fetch(`${daemon.url}/healthz`)).rejects.toThrow();
    withSql(here, (sql) => {
      expect(sql.prepare('SELECT kind, status FROM operations').all()).toEqual([
        { kind: 'provision', status: 'queued' },
      ]);
    });
  });
});

function withSql(here: Installation, work: (sql: Sqlite.Database) => void): void {
  const sql = new Sqlite(here.path('paasdb.sqlite'));
  try {
    work(sql);
  } finally {
    sql.close();
  }
}
