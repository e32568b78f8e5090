import { appendFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Caretaker } from '../../src/backups/caretaker.js';
import type { LoadOptions } from '../../src/runtime/runtime.js';
import { bootApi, type BootedApi, type RequestOptions } from './boot-api.js';
import { fails, type Step } from '../provisioner/scripted-runtime.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';
const MAIN = `${DATABASES}/main`;
const DAY_MS = 86_400_000;

let api: BootedApi;
let backupId: string;
beforeEach(async () => {
  api = await bootApi();
  await api.readyDatabase();
  backupId = await api.storedBackup();
});
afterEach(() => api[Symbol.asyncDispose]());

const restore = (json: Record<string, unknown>, options?: RequestOptions, of = MAIN) =>
  api.post(`${of}/restore`, { backupId, ...json }, options);

const kinds = async (path: string) =>
  ((await api.get(`${path}/operations`)).body.data as { kind: string; status: string }[]).map(
    ({ kind, status }) => `${kind} ${status}`,
  );

const unsettled = () => api.store.all(`SELECT id FROM operations WHERE status IN ('queued', 'running')`);

describe('a restore into a new database', () => {
  it('makes one with a container and credentials of its own, and loads the backup into it', async () => {
    const asked = await restore({ as: 'copy' });
    expect(asked).toMatchObject({ status: 202, body: { kind: 'restore', status: 'queued', backupId } });
    const { body: copy } = await api.get(`${DATABASES}/copy`);
    expect(copy).toMatchObject({ status: 'pending', engineVersion: '18', plan: 'standard' });
    expect(asked.body.databaseId).toBe(copy.id);
    expect(asked.headers.get('location')).toBe(`${DATABASES}/${copy.id}/operations/${asked.body.id}`);
    expect(api.nudge).toHaveBeenCalled();

    await api.settle();
    expect(await kinds(`${DATABASES}/copy`)).toEqual(['restore succeeded', 'provision succeeded']);
    expect(api.runtime.loads).toEqual([
      { id: copy.id, kind: 'dump', given: Buffer.concat(api.runtime.archive) },
    ]);
    const call = api.runtime.calls.find(({ verb }) => verb === 'load');
    expect(call?.options).toMatchObject({ loadId: asked.body.id, replace: false });
    const { body: done } = await api.get(asked.headers.get('location') ?? '');
    expect(done.result).toMatchObject({
      totals: { tables: 0, rows: 0, largeObjects: 0 },
      skipped: [],
      interruptedMs: 12,
      // Somebody may have written to it while it was empty still.
      previous: { database: `paasdb_previous_${asked.body.id}` },
    });
    const dsns = [await api.post(`${MAIN}/reveal`), await api.post(`${DATABASES}/copy/reveal`)];
    expect(dsns[0]?.body.dsn).not.toBe(dsns[1]?.body.dsn);
  });

  it('is waited for with Prefer: wait', async () => {
    const answer = restore({ as: 'copy' }, { headers: { Prefer: 'wait=10' } });
    const settle = setInterval(() => void api.settle(), 50);
    expect(await answer).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    clearInterval(settle);
  });

  it('has the plan that is asked for', async () => {
    await restore({ as: 'copy', plan: 'free' });
    expect((await api.get(`${DATABASES}/copy`)).body.plan).toBe('free');
  });

  it('brings back a database that was deleted', async () => {
    const { body } = await api.delete(`${MAIN}?deleteVolume=true`);
    await api.settle();
    const asked = await restore({ as: 'main' }, {}, `${DATABASES}/${body.id}`);
    expect(asked.status).toBe(202);
    await api.settle();
    expect(await kinds(MAIN)).toEqual(['restore succeeded', 'provision succeeded']);
  });

  it('cannot take a name that is taken', async () => {
    expect(await restore({ as: 'main' })).toMatchObject({ status: 409, body: { code: 'database_exists' } });
    expect(await restore({ as: 'Main' })).toMatchObject({
      status: 400,
      body: { title: 'invalid database name' },
    });
    expect(unsettled()).toEqual([]);
  });

  it('counts for the quota', async () => {
    await api.patch('/api/orgs/acme', { plan: 'developer' }, { token: api.tokens.operator });
    expect((await restore({ as: 'copy' })).body.code).toBe('quota_exceeded');
    expect(api.store.all('SELECT * FROM loads')).toEqual([]);
  });

  it('says so when the database could not be made', async () => {
    const { body } = await restore({ as: 'copy' });
    // The provision is given up; the restore stands behind it.
    await settleFailing('no room for another container');
    await expect(api.settle()).rejects.toThrow(
      'The database copy could not be made, so nothing was restored into it: no room for another container. Delete it, and restore the backup again',
    );
    expect(api.runtime.loads).toEqual([]);
    expect(body.kind).toBe('restore');
  });

  it('says what to do when an app wrote to it first', async () => {
    await restore({ as: 'copy' });
    api.runtime.script('load', fails('not_empty', 'The database holds 3 tables'));
    await expect(api.settle()).rejects.toThrow(
      'The database holds 3 tables. Somebody wrote to copy before the restore: delete it, or restore the backup under another name',
    );
  });
});

/** Gives up the provision that is queued first, as the provisioner does. */
async function settleFailing(reason: string): Promise<void> {
  const { store } = api;
  store.run(
    `UPDATE operations SET status = 'failed', error_message = ? WHERE kind = 'provision' AND status = 'queued'`,
    reason,
  );
  store.run(`UPDATE databases SET status = 'failed', error_message = ? WHERE status = 'pending'`, reason);
  await Promise.resolve();
}

describe('a restore in place', () => {
  it('replaces what the database holds, and keeps that for a while', async () => {
    const { body: before } = await api.get(MAIN);
    const asked = await restore({ replace: true, confirm: 'main' });
    expect(asked).toMatchObject({ status: 202, body: { databaseId: before.id, kind: 'restore' } });
    expect((await api.get(MAIN)).body.status).toBe('ready');
    await api.settle();
    const { body: done } = await api.get(asked.headers.get('location') ?? '');
    expect(done.result.previous).toEqual({
      database: `paasdb_previous_${done.id}`,
      keptUntil: api.store.now(7 * DAY_MS),
    });
    const call = api.runtime.calls.find(({ verb }) => verb === 'load');
    expect(call?.options).toMatchObject({ loadId: done.id, replace: true });
    expect(api.tidyLoads).toHaveBeenCalled();
    const { body: audit } = await api.get('/api/orgs/acme/audit');
    expect((audit.data as { action: string }[]).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['database.restore', 'operation.restore.succeeded']),
    );
  });

  it('is confirmed with the name of the database', async () => {
    for (const confirm of [undefined, '', 'Main', 'other']) {
      const answer = await restore({ replace: true, ...(confirm !== undefined && { confirm }) });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'confirm' }] } });
      expect(answer.body.detail).toContain('has to be main');
    }
    expect(unsettled()).toEqual([]);
  });

  it('of a deleted database is for a new one', async () => {
    const { body } = await api.delete(MAIN);
    await api.settle();
    const answer = await restore({ replace: true, confirm: 'main' }, {}, `${DATABASES}/${body.id}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'database_not_found' } });
    expect(answer.body.detail).toContain('"as"');
  });

  it('is refused while it is being deleted', async () => {
    await api.delete(MAIN);
    expect((await restore({ replace: true, confirm: 'main' })).body.code).toBe('database_deleting');
  });

  it('is refused of a backup of a newer major', async () => {
    api.store.run('UPDATE databases SET engine_version = 17');
    const answer = await restore({ replace: true, confirm: 'main' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'unsupported_database_version' } });
  });

  it('fails for good when what was loaded is not what was backed up', async () => {
    await restore({ replace: true, confirm: 'main' });
    api.runtime.contents = {
      ...api.runtime.contents,
      tables: [{ schema: 'public', name: 'extra', rows: 1 }],
    };
    await expect(api.settle()).rejects.toMatchObject({
      code: 'load_failed',
      retryable: false,
      message: expect.stringContaining('table "public"."extra" was not in the dump'),
    });
    expect(api.runtime.loads).toEqual([]);
  });

  it('does not mind newer versions of extensions', async () => {
    const extension = { name: 'pg_trgm', schema: 'public' };
    api.runtime.contents = { ...api.runtime.contents, extensions: [{ ...extension, version: '1.6' }] };
    backupId = await api.storedBackup();
    api.runtime.contents = { ...api.runtime.contents, extensions: [{ ...extension, version: '1.7' }] };
    await restore({ replace: true, confirm: 'main' });
    await api.settle();
    expect(api.runtime.loads).toHaveLength(1);
  });

  it('fails with what is wrong with the file, and touches nothing', async () => {
    const folder = join(api.folder, 'backups');
    const files = readdirSync(folder, { recursive: true }).map(String);
    const dump = files.find((file) => file.endsWith('.dump')) ?? '';
    appendFileSync(join(folder, dump), 'x');
    await restore({ replace: true, confirm: 'main' });
    await expect(api.settle()).rejects.toMatchObject({ code: 'changed', retryable: false });
    expect(api.runtime.loads).toEqual([]);
  });

  it('that died before it was written down is written down at the next attempt', async () => {
    const { body } = await restore({ replace: true, confirm: 'main' });
    const run = api.store.transaction.bind(api.store);
    jest.spyOn(api.store, 'transaction').mockImplementation((work) => {
      // The one that writes down what came of it.
      if (api.runtime.loads.length === 1) throw new Error('killed');
      return run(work);
    });
    await expect(api.settle()).rejects.toThrow('killed');
    jest.restoreAllMocks();
    api.clock.advance(31_000);
    await api.settle();
    const loadIds = api.runtime.calls.filter(({ verb }) => verb === 'load').map(({ options }) => options);
    expect(loadIds).toMatchObject([{ loadId: body.id }, { loadId: body.id }]);
    expect(await kinds(MAIN)).toContain('restore succeeded');
  });

  describe('whose exchange began', () => {
    const exchange = (previous: string | null): Step => {
      return ({ options }) => {
        (options as LoadOptions).onExchange(previous);
        return Promise.resolve();
      };
    };
    const inTurn =
      (...steps: Step[]): Step =>
      async (call) => {
        for (const step of steps) await step(call);
      };

    it('is in doubt, whatever goes wrong, and names the former data, until it is known not to be done', async () => {
      await restore({ replace: true, confirm: 'main' });
      api.runtime.script(
        'load',
        inTurn(exchange('paasdb_previous_x'), fails('unavailable', 'the answer was lost')),
        fails('not_running'),
        inTurn(exchange(null), fails('load_failed')),
      );
      const inDoubt = { code: 'in_doubt', retryable: true, absent: 'engine' };
      const message = expect.stringMatching(/paasdb_previous_x hold the former data.*the answer was lost/);
      await expect(api.settle()).rejects.toMatchObject({ ...inDoubt, message });
      api.clock.advance(31_000);
      await expect(api.settle()).rejects.toMatchObject(inDoubt);
      api.clock.advance(31_000);
      await expect(api.settle()).rejects.toMatchObject({ code: 'load_failed', retryable: false });
    });

    it('is in doubt when what came of it cannot be written down', async () => {
      const { body } = await restore({ replace: true, confirm: 'main' });
      api.runtime.script('load', exchange(`paasdb_previous_${body.id}`));
      const run = api.store.transaction.bind(api.store);
      jest.spyOn(api.store, 'transaction').mockImplementation((work) => {
        if (api.runtime.loads.length === 1) throw new Error('database or disk is full');
        return run(work);
      });
      const failed = api.settle();
      await expect(failed).rejects.toMatchObject({ code: 'in_doubt' });
      await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('disk is full') });
      jest.restoreAllMocks();
    });

    it('needs no backup any more to be found done', async () => {
      const { body } = await restore({ replace: true, confirm: 'main' });
      api.runtime.script('load', inTurn(exchange(`paasdb_previous_${body.id}`), fails('unavailable')));
      await expect(api.settle()).rejects.toMatchObject({ code: 'in_doubt' });
      rmSync(join(api.folder, 'backups'), { recursive: true });
      api.clock.advance(31_000);
      api.runtime.isInPlace = true;
      await api.settle();
      const { result } = (await api.get(`${MAIN}/operations/${body.id}`)).body;
      expect(result).toEqual({
        previous: { database: `paasdb_previous_${body.id}`, keptUntil: expect.any(String) },
      });
    });
  });
});

describe('a restore', () => {
  it.each([
    [{}, 'as'],
    [{ as: 'copy', replace: true }, 'replace'],
    [{ as: 'copy', replace: true, confirm: 'main' }, 'replace'],
    [{ as: 'copy', confirm: 'main' }, 'confirm'],
    [{ replace: true, confirm: 'main', plan: 'free' }, 'plan'],
    [{ replace: false, as: 'copy' }, 'replace'],
  ])('has one of two forms, and not %j', async (json, path) => {
    const answer = await restore(json);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ in: 'body', path }] } });
  });

  it('is of a backup of this database', async () => {
    await api.readyDatabase('other');
    const answer = await restore({ as: 'copy' }, {}, `${DATABASES}/other`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'backup_not_found' } });
  });

  it('is of a backup that succeeded', async () => {
    const { body: pending } = await api.post(`${MAIN}/backups`);
    expect((await restore({ backupId: pending.id, as: 'copy' })).body.code).toBe('backup_not_stored');
    await api.settle('no luck');
    expect((await restore({ backupId: pending.id, as: 'copy' })).body.code).toBe('backup_not_stored');
  });

  it('keeps its backup from being deleted until it is done', async () => {
    await restore({ as: 'copy' });
    const path = `${MAIN}/backups/${backupId}`;
    expect(await api.delete(path)).toMatchObject({ status: 409, body: { code: 'backup_in_use' } });
    await api.settle();
    expect((await api.delete(path)).status).toBe(204);
  });

  it('keeps its backup from being dropped for its age until it is done', async () => {
    api.store.run('UPDATE backups SET expires_at = ?', api.store.now());
    api.clock.advance(1000);
    await api.storedBackup();
    await restore({ as: 'copy' });
    const { store, disk, clock, logger } = api;
    const caretaker = new Caretaker({
      store,
      disk,
      logger,
      clock: clock.read,
      isSteady: () => true,
      retentionDays: 7,
    });
    await caretaker.once();
    expect((await api.get(`${MAIN}/backups/${backupId}`)).status).toBe(200);
    await api.settle();
    await caretaker.once();
    expect((await api.get(`${MAIN}/backups/${backupId}`)).status).toBe(404);
  });

  it('is made once under an Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const first = await restore({ as: 'copy' }, { headers });
    expect((await restore({ as: 'copy' }, { headers })).body).toEqual(first.body);
    expect((await restore({ as: 'other' }, { headers })).status).toBe(409);
  });
});
