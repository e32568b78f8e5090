import { setTimeout as realTime } from 'node:timers/promises';
import { findBackup, insertBackup } from '../../src/store/backups.js';
import { DEADLINE_MS } from '../../src/domain/deadlines.js';
import { databaseSpec } from '../../src/provisioner/database-spec.js';
import { listAuditEvents } from '../../src/store/audit.js';
import { getCredential } from '../../src/store/credentials.js';
import { setDatabaseStatus } from '../../src/store/databases.js';
import { claimNextOperation } from '../../src/store/operation-queue.js';
import { cancelOperations, enqueueOperation } from '../../src/store/operations.js';
import { findVolume } from '../../src/store/volumes.js';
import { readyDatabase, sampleDatabase, SAMPLE_CREDENTIAL } from '../store/sample-rows.js';
import {
  bootProvisioner,
  HEARTBEAT_MS,
  LEASE_MS,
  now,
  pass,
  type BootedProvisioner,
} from './boot-provisioner.js';
import { fails, held } from './scripted-runtime.js';

let test: BootedProvisioner;

function boot(options?: { concurrency?: number }) {
  test = bootProvisioner(options);
  return test;
}

beforeEach(() => jest.useFakeTimers({ now: new Date('2030-01-01T00:00:00Z') }));
afterEach(async () => {
  await test[Symbol.asyncDispose]();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const auditOf = (org: string) =>
  listAuditEvents(test.store, org, { limit: 100, cursor: null }).data.map(({ action }) => action);

describe('provisioning', () => {
  it('makes a pending database ready', async () => {
    const { provisioner, runtime, database, operation, store, ask } = boot();
    const { id, volumeId } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await now();
    expect(database(id)).toMatchObject({
      status: 'ready',
      errorMessage: null,
      readyAt: '2030-01-01T00:00:00.000Z',
    });
    expect(operation(asked.id)).toMatchObject({ status: 'succeeded', attempts: 1, leaseExpiresAt: null });
    expect(findVolume(store, volumeId)?.holdsData).toBe(true);
    expect(runtime.running.get(id)).toMatchObject({
      org: 'acme',
      app: 'web',
      name: 'main',
      engineVersion: 17,
      volumeId,
      holdsData: false,
      login: SAMPLE_CREDENTIAL,
    });
    expect(auditOf('acme')).toEqual(['operation.provision.succeeded']);
  });

  it('is taken up at a nudge', async () => {
    const { provisioner, store, database, ask } = boot();
    provisioner.start();
    await now();
    const { id } = sampleDatabase(store);
    ask('provision', id);
    await now();
    expect(database(id).status).toBe('ready');
  });

  it('is taken up with the next beat when the nudge was lost', async () => {
    const { provisioner, store, database } = boot();
    provisioner.start();
    await now();
    const { id } = sampleDatabase(store);
    enqueueOperation(store, { databaseId: id, kind: 'provision' });
    await pass(HEARTBEAT_MS - 10);
    expect(database(id).status).toBe('pending');
    await pass(10);
    expect(database(id).status).toBe('ready');
  });

  it('shows that it is at work, how far it came, and keeps its lease meanwhile', async () => {
    const { provisioner, runtime, store, database, operation, ask } = boot();
    const { step, release } = held();
    runtime.script('apply', (call) => {
      call.options.onProgress?.({ step: 'volume', done: 2, total: 7 });
      return step(call);
    });
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await now();
    expect(database(id).status).toBe('provisioning');
    await pass(LEASE_MS * 3);
    expect(runtime.calls).toHaveLength(1);
    expect(operation(asked.id)).toMatchObject({
      status: 'running',
      attempts: 1,
      progress: { step: 'volume', done: 2, total: 7 },
    });
    release();
    await now();
    expect(database(id).status).toBe('ready');
  });

  it('tells who waits for it', async () => {
    const { provisioner, store, waiters, ask } = boot();
    const asked = ask('provision', sampleDatabase(store).id);
    const told = jest.fn();
    void waiters.wait(asked.id, 60_000, new AbortController().signal).then(told);
    provisioner.start();
    await now();
    expect(told).toHaveBeenCalled();
  });

  it('is tried again after a failure that may pass, not sooner than the backoff', async () => {
    const { provisioner, runtime, store, waiters, database, operation, ask } = boot();
    runtime.script('apply', fails('start_failed', 'the log says why'));
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    const told = jest.fn();
    void waiters.wait(asked.id, 60_000, new AbortController().signal).then(told);
    provisioner.start();
    await now();
    expect(operation(asked.id)).toMatchObject({
      status: 'queued',
      attempts: 1,
      errorMessage: 'the log says why',
    });
    expect(database(id).status).toBe('provisioning');
    expect(told).not.toHaveBeenCalled();
    await pass(240);
    expect(runtime.calls).toHaveLength(1);
    await pass(260);
    expect(runtime.calls).toHaveLength(2);
    expect(operation(asked.id)).toMatchObject({ status: 'succeeded', attempts: 2, errorMessage: null });
    expect(database(id).status).toBe('ready');
    expect(told).toHaveBeenCalled();
  });

  it('fails at once when trying again cannot help', async () => {
    const { provisioner, runtime, store, database, operation, ask } = boot();
    runtime.script('apply', fails('image_unusable', 'pull postgres:17-alpine'));
    const { id, volumeId } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await pass(120_000);
    expect(runtime.history).toEqual([`apply ${id}`, `remove ${id}`]);
    expect(database(id)).toMatchObject({
      status: 'failed',
      errorMessage: 'pull postgres:17-alpine',
      readyAt: null,
    });
    expect(operation(asked.id)).toMatchObject({ status: 'failed', errorMessage: 'pull postgres:17-alpine' });
    expect(findVolume(store, volumeId)?.holdsData).toBe(false);
    expect(auditOf('acme')).toEqual(['operation.discard.succeeded', 'operation.provision.failed']);
  });

  it('leaves nothing half-made behind when it is given up, and can be asked for again', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    const { id, volumeId } = sampleDatabase(store);
    runtime.script('apply', (call) => {
      runtime.volumes.add(volumeId);
      return fails('conflict')(call);
    });
    runtime.script('remove', fails('conflict'), fails('unavailable'));
    ask('provision', id);
    provisioner.start();
    await now();
    expect(runtime.volumes).toContain(volumeId);
    await pass(2000);
    expect(runtime.history).toEqual([`apply ${id}`, `remove ${id}`, `remove ${id}`, `remove ${id}`]);
    expect(runtime.volumes.size).toBe(0);
    expect(database(id)).toMatchObject({ status: 'failed', errorMessage: 'it failed with conflict' });
    setDatabaseStatus(store, id, 'pending');
    ask('provision', id);
    await now();
    expect(database(id).status).toBe('ready');
  });

  it('keeps a volume that may be initialised when it is given up, for the next try to look into', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    const { id, volumeId } = sampleDatabase(store);
    runtime.script('apply', (call) => {
      runtime.volumes.add(volumeId);
      runtime.running.set(id, databaseSpec(store, database(id)));
      return fails('conflict')(call);
    });
    ask('provision', id);
    provisioner.start();
    await now();
    expect(runtime.history).toEqual([`apply ${id}`, `remove ${id}`]);
    expect(runtime.volumes).toContain(volumeId);
    // An empty one that is said to hold data would be refused ever after.
    expect(findVolume(store, volumeId)?.holdsData).toBe(false);
  });

  it('fails at its deadline when it goes on failing, with the last reason', async () => {
    const { provisioner, runtime, store, database, operation, ask } = boot();
    runtime.script('apply', ...Array.from({ length: 100 }, () => fails('unavailable', 'Docker is down')));
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await pass(DEADLINE_MS.provision ?? 0);
    expect(database(id)).toMatchObject({ status: 'failed', errorMessage: 'Docker is down' });
    expect(operation(asked.id).status).toBe('failed');
    expect(operation(asked.id).attempts).toBeGreaterThan(15);
  });

  it('is broken off at its deadline when it hangs', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    const hanging = held();
    runtime.script('apply', hanging.step);
    const { id } = sampleDatabase(store);
    ask('provision', id);
    provisioner.start();
    await pass((DEADLINE_MS.provision ?? 0) - 1);
    expect(database(id).status).toBe('provisioning');
    await pass(1);
    expect(hanging.reason()).toBe('deadline');
    expect(database(id)).toMatchObject({
      status: 'failed',
      errorMessage: 'It was not done in time. Restart the database to try again.',
    });
  });

  it('that is broken off at its deadline tells how far it came, and the log why', async () => {
    const { provisioner, runtime, store, logger, database, ask } = boot();
    const hanging = held();
    runtime.script('apply', (call) => {
      call.options.onProgress?.({ step: 'Pulling the image', done: 1, total: 7 });
      return hanging.step(call);
    });
    const { id } = sampleDatabase(store);
    ask('provision', id);
    provisioner.start();
    await pass(DEADLINE_MS.provision ?? 0);
    expect(database(id).errorMessage).toContain('The last it did: Pulling the image.');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({
        message: 'operation failed',
        fields: expect.objectContaining({ err: expect.objectContaining({ code: 'aborted' }) }),
      }),
    );
  });

  it('tells nobody the message of an error that nobody foresaw, but the log', async () => {
    const { provisioner, runtime, store, logger, operation, ask } = boot();
    const error = new TypeError('password=hunter2');
    runtime.script('apply', () => Promise.reject(error));
    const asked = ask('provision', sampleDatabase(store).id);
    provisioner.start();
    await now();
    expect(operation(asked.id).errorMessage).toMatch(/^an internal error/);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ err: error }) }),
    );
  });
});

describe('repairing and restarting', () => {
  it.each([
    ['repair', 'apply'],
    ['restart', 'restart'],
  ] as const)('by %s leaves the database ready while it is at work', async (kind, verb) => {
    const { provisioner, runtime, store, database, ask } = boot();
    const { step, release } = held();
    runtime.script(verb, step);
    const { id, readyAt } = readyDatabase(store);
    ask(kind, id);
    provisioner.start();
    await now();
    expect(database(id)).toMatchObject({ status: 'ready', readyAt });
    release();
    await now();
    expect(runtime.history).toEqual([`${verb} ${id}`]);
    expect(database(id)).toMatchObject({ status: 'ready', readyAt });
    expect(auditOf('acme')).toEqual([`operation.${kind}.succeeded`]);
  });

  it('tells the runtime that the volume holds data, so that it is not rebuilt', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    runtime.script('apply', fails('data_missing', 'the volume is gone'));
    const { id } = readyDatabase(store);
    ask('repair', id);
    provisioner.start();
    await now();
    expect(database(id)).toMatchObject({ status: 'failed', errorMessage: 'the volume is gone' });
    ask('repair', id);
    await now();
    expect(database(id)).toMatchObject({ status: 'ready', errorMessage: null });
    expect(runtime.running.get(id)?.holdsData).toBe(true);
  });
});

describe('restarting', () => {
  it('tells the runtime when it was asked for, at every try', async () => {
    const { provisioner, runtime, store, ask } = boot();
    runtime.script('restart', fails('unavailable'), fails('unavailable'));
    ask('restart', readyDatabase(store).id);
    const askedAt = new Date();
    await pass(1000);
    provisioner.start();
    await pass(5000);
    expect(runtime.calls.map(({ options }) => options.askedAt)).toEqual([askedAt, askedAt, askedAt]);
  });
});

describe('failing again', () => {
  it('is not audited again; what helps is, and a failure after that', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    const { id } = readyDatabase(store);
    provisioner.start();
    for (const message of ['the volume is gone', 'it is still gone']) {
      runtime.script('apply', fails('data_missing', message));
      ask('repair', id);
      await now();
      expect(database(id)).toMatchObject({ status: 'failed', errorMessage: message });
      expect(auditOf('acme')).toEqual(['operation.repair.failed']);
    }
    ask('repair', id);
    await now();
    runtime.script('apply', fails('data_missing'));
    ask('repair', id);
    await now();
    expect(auditOf('acme')).toEqual([
      'operation.repair.failed',
      'operation.repair.succeeded',
      'operation.repair.failed',
    ]);
  });
});

describe('removing', () => {
  it('keeps a backup that was through when its database was deleted', async () => {
    const { provisioner, runtime, store, database, operation, ask, askToDelete } = boot();
    const { id } = readyDatabase(store);
    const backup = ask('backup', id);
    insertBackup(store, {
      id: backup.id,
      databaseId: id,
      operationId: backup.id,
      kind: 'manual',
      engineVersion: 17,
      keptForMs: null,
    });
    runtime.script('dump', () => {
      askToDelete(id);
      return Promise.resolve();
    });
    provisioner.start();
    // Files are written in real time.
    for (let tries = 0; operation(backup.id).status !== 'succeeded' && tries < 500; tries += 1) {
      await jest.advanceTimersByTimeAsync(1);
      await realTime(5);
    }
    expect(operation(backup.id).status).toBe('succeeded');
    await jest.advanceTimersByTimeAsync(1000);
    expect(database(id).status).toBe('deleted');
    expect(findBackup(store, id, backup.id)?.status).toBe('succeeded');
  });

  it('preserves the volume, and forgets the credential', async () => {
    const { provisioner, runtime, store, database, askToDelete } = boot();
    const { id, volumeId } = readyDatabase(store);
    runtime.volumes.add(volumeId);
    provisioner.start();
    askToDelete(id);
    await now();
    expect(database(id)).toMatchObject({ status: 'deleted', deletedAt: '2030-01-01T00:00:00.000Z' });
    expect(findVolume(store, volumeId)?.state).toBe('preserved');
    expect(runtime.history).toEqual([`remove ${id}`]);
    expect(runtime.volumes).toContain(volumeId);
    expect(() => getCredential(store, id)).toThrow('has no credential');
  });

  it('destroys the volume when the owner said so, after all else is gone', async () => {
    const { provisioner, runtime, store, database, askToDelete } = boot();
    const { id, volumeId } = readyDatabase(store);
    provisioner.start();
    askToDelete(id, { deleteVolume: true });
    await now();
    expect(database(id).status).toBe('deleted');
    expect(findVolume(store, volumeId)?.state).toBe('purged');
    expect(runtime.history).toEqual([`remove ${id}`, `destroyVolume ${volumeId}`]);
  });

  it('destroys a volume that never held anything', async () => {
    const { provisioner, runtime, store, askToDelete } = boot();
    const { id, volumeId } = sampleDatabase(store);
    runtime.volumes.add(volumeId);
    provisioner.start();
    askToDelete(id);
    await now();
    expect(findVolume(store, volumeId)?.state).toBe('purged');
    expect(runtime.history).toEqual([`remove ${id}`]);
    expect(runtime.volumes.size).toBe(0);
  });

  it('preserves a volume that the runtime found initialised, although the database was never ready', async () => {
    const { provisioner, runtime, store, database, askToDelete } = boot();
    const { id, volumeId } = sampleDatabase(store);
    runtime.volumes.add(volumeId);
    runtime.running.set(id, databaseSpec(store, database(id)));
    provisioner.start();
    askToDelete(id);
    await now();
    expect(findVolume(store, volumeId)).toMatchObject({ state: 'preserved', holdsData: true });
    expect(runtime.volumes).toContain(volumeId);
  });

  it('needs no credential that can be opened', async () => {
    const { provisioner, store, database, askToDelete } = boot();
    const { id } = readyDatabase(store);
    store.run(`UPDATE credentials SET password_sealed = 'altered'`);
    provisioner.start();
    askToDelete(id);
    await now();
    expect(database(id).status).toBe('deleted');
  });

  it('is never given up, whatever goes wrong: the row stays and says why', async () => {
    const { provisioner, runtime, store, database, operation, askToDelete } = boot();
    const { id, volumeId } = readyDatabase(store);
    runtime.script('remove', ...Array.from({ length: 1000 }, () => fails('conflict', 'Docker is down')));
    provisioner.start();
    const asked = askToDelete(id);
    await pass(3_600_000);
    expect(runtime.calls.length).toBeGreaterThan(100);
    expect(database(id).status).toBe('deleting');
    expect(operation(asked.id)).toMatchObject({ errorMessage: 'Docker is down' });
    expect(findVolume(store, volumeId)?.state).toBe('attached');
    runtime.recover('remove');
    await pass(30_000);
    expect(database(id).status).toBe('deleted');
    expect(operation(asked.id)).toMatchObject({ status: 'succeeded', errorMessage: null });
  });

  it('that hangs is broken off and tried again', async () => {
    const { provisioner, runtime, store, database, askToDelete } = boot();
    const { id } = readyDatabase(store);
    const hanging = held();
    runtime.script('remove', hanging.step);
    provisioner.start();
    askToDelete(id);
    await pass(600_000);
    expect(hanging.reason()).toBe('deadline');
    await pass(1000);
    expect(database(id).status).toBe('deleted');
  });

  it('goes on with the volume when the daemon died in between', async () => {
    const { provisioner, runtime, store, database, askToDelete } = boot();
    const { id, volumeId } = readyDatabase(store);
    runtime.script('destroyVolume', fails('unavailable'));
    provisioner.start();
    askToDelete(id, { deleteVolume: true });
    await pass(1000);
    expect(runtime.history).toEqual([
      `remove ${id}`,
      `destroyVolume ${volumeId}`,
      `remove ${id}`,
      `destroyVolume ${volumeId}`,
    ]);
    expect(database(id).status).toBe('deleted');
    expect(findVolume(store, volumeId)?.state).toBe('purged');
  });
});

describe('purging', () => {
  it('destroys the preserved volume', async () => {
    const { provisioner, runtime, store, operation, ask, askToDelete } = boot();
    const { id, volumeId } = readyDatabase(store);
    provisioner.start();
    askToDelete(id);
    await now();
    store.run(`UPDATE volumes SET state = 'purging'`);
    const asked = ask('purge', id);
    await now();
    expect(operation(asked.id).status).toBe('succeeded');
    expect(findVolume(store, volumeId)?.state).toBe('purged');
    expect(runtime.history).toEqual([`remove ${id}`, `destroyVolume ${volumeId}`]);
    expect(auditOf('acme')[0]).toBe('operation.purge.succeeded');
  });
});

describe('deleting while it is provisioned', () => {
  it('breaks the work off, and removes what there is', async () => {
    const { provisioner, runtime, store, database, operation, ask, askToDelete } = boot();
    const provisioning = held();
    runtime.script('apply', provisioning.step);
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await now();
    askToDelete(id);
    await now();
    expect(provisioning.reason()).toBe('cancelled');
    expect(operation(asked.id)).toMatchObject({ status: 'cancelled', errorMessage: null });
    expect(database(id)).toMatchObject({ status: 'deleted', readyAt: null });
    expect(runtime.history.slice(0, 2)).toEqual([`apply ${id}`, `remove ${id}`]);
    expect(runtime.running.size).toBe(0);
    expect(auditOf('acme')).toEqual(['operation.remove.succeeded']);
  });

  it('has the last word although the work was done just then', async () => {
    const { provisioner, runtime, store, database, operation, ask, askToDelete } = boot();
    // This runtime does not heed its signal, and succeeds all the same.
    let finish: () => void = () => undefined;
    runtime.script('apply', () => new Promise((resolve) => (finish = resolve)));
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await now();
    askToDelete(id);
    await now();
    expect(runtime.history).toEqual([`apply ${id}`]);
    finish();
    await now();
    expect(operation(asked.id).status).toBe('cancelled');
    expect(database(id)).toMatchObject({ status: 'deleted', readyAt: null });
    expect(runtime.running.size).toBe(0);
  });

  it('tells who waits for the work', async () => {
    const { provisioner, runtime, store, waiters, ask, askToDelete } = boot();
    runtime.script('apply', held().step);
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    const told = jest.fn();
    void waiters.wait(asked.id, 60_000, new AbortController().signal).then(told);
    provisioner.start();
    await now();
    askToDelete(id);
    await now();
    expect(told).toHaveBeenCalled();
  });
});

describe('deleting while it is queued', () => {
  it('tells who waits for the work, without waiting for its turn', async () => {
    const { provisioner, runtime, store, waiters, operation, ask, askToDelete } = boot({ concurrency: 1 });
    runtime.script('restart', held().step);
    ask('restart', readyDatabase(store, { name: 'other' }).id);
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    const told = jest.fn();
    void waiters.wait(asked.id, 60_000, new AbortController().signal).then(told);
    provisioner.start();
    await now();
    expect(told).not.toHaveBeenCalled();
    askToDelete(id);
    await now();
    expect(operation(asked.id).status).toBe('cancelled');
    expect(told).toHaveBeenCalled();
  });
});

describe('working on many', () => {
  it('goes on with several databases at once, and with one operation of each', async () => {
    const { provisioner, runtime, store, ask } = boot();
    const [one, two] = [readyDatabase(store, { name: 'one' }), readyDatabase(store, { name: 'two' })];
    const steps = [held(), held(), held()];
    runtime.script('restart', ...steps.map(({ step }) => step));
    ask('restart', one.id);
    ask('restart', one.id);
    ask('restart', two.id);
    provisioner.start();
    await now();
    expect(runtime.history).toEqual([`restart ${one.id}`, `restart ${two.id}`]);
    steps[0]?.release();
    await now();
    expect(runtime.history).toEqual([`restart ${one.id}`, `restart ${two.id}`, `restart ${one.id}`]);
  });

  it('never has more at work than it may, and takes the next as one ends', async () => {
    const { provisioner, runtime, store, ask } = boot({ concurrency: 2 });
    const steps = Array.from({ length: 4 }, held);
    runtime.script('restart', ...steps.map(({ step }) => step));
    for (const name of ['one', 'two', 'three', 'four']) ask('restart', readyDatabase(store, { name }).id);
    provisioner.start();
    await pass(10_000);
    expect(steps.map(({ started }) => started())).toEqual([true, true, false, false]);
    steps[1]?.release();
    await now();
    expect(steps.map(({ started }) => started())).toEqual([true, true, true, false]);
  });

  it('does not let one that fails hold up the others', async () => {
    const { provisioner, runtime, store, database, ask } = boot({ concurrency: 1 });
    runtime.script('apply', fails('unavailable'), fails('unavailable'), fails('unavailable'));
    const ids = ['one', 'two', 'three'].map((name) => sampleDatabase(store, { name }).id);
    for (const id of ids) ask('provision', id);
    provisioner.start();
    await pass(2000);
    expect(ids.map((id) => database(id).status)).toEqual(['ready', 'ready', 'ready']);
  });
});

describe('stopping', () => {
  it('breaks off what is at work, puts it back as it was, and claims no more', async () => {
    const { provisioner, runtime, store, operation, database, ask } = boot({ concurrency: 1 });
    const working = held();
    runtime.script('apply', fails('unavailable', 'Docker is down'), working.step);
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await pass(1000);
    const other = ask('restart', readyDatabase(store, { name: 'other' }).id);
    await provisioner.stop();
    expect(working.reason()).toBe('stopping');
    expect(operation(asked.id)).toMatchObject({
      status: 'queued',
      runAt: new Date().toISOString(),
      errorMessage: 'Docker is down',
      leaseExpiresAt: null,
    });
    expect(database(id).status).toBe('provisioning');
    provisioner.nudge();
    await pass(60_000);
    expect(operation(other.id).status).toBe('queued');
    expect(runtime.calls).toHaveLength(2);
  });

  it('waits for what does not break off, and keeps what came of it', async () => {
    const { provisioner, runtime, store, database, ask } = boot();
    let finish: () => void = () => undefined;
    runtime.script('apply', () => new Promise((resolve) => (finish = resolve)));
    const { id } = sampleDatabase(store);
    ask('provision', id);
    provisioner.start();
    await now();
    const stopped = jest.fn();
    void provisioner.stop().then(stopped);
    await pass(10_000);
    expect(stopped).not.toHaveBeenCalled();
    finish();
    await now();
    expect(stopped).toHaveBeenCalled();
    expect(database(id).status).toBe('ready');
  });

  it('before starting does no harm', async () => {
    await boot().provisioner.stop();
  });
});

describe('starting after a crash', () => {
  it('takes up what was running, at once', async () => {
    const { provisioner, runtime, store, operation, database, logger, ask } = boot();
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    claimNextOperation(store, LEASE_MS);
    provisioner.start();
    await now();
    expect(operation(asked.id)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(database(id).status).toBe('ready');
    expect(runtime.calls).toHaveLength(1);
    expect(logger.messages('info')).toContain('taking up operations that were cut short');
  });

  it('does not take up what nobody wants any more', async () => {
    const { provisioner, runtime, store, operation, database, ask, askToDelete } = boot();
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    claimNextOperation(store, LEASE_MS);
    cancelOperations(store, id);
    askToDelete(id);
    provisioner.start();
    await now();
    expect(operation(asked.id).status).toBe('cancelled');
    expect(database(id).status).toBe('deleted');
    expect(runtime.history).not.toContain(`apply ${id}`);
  });
});

describe('when something goes wrong inside', () => {
  it('goes on with the others when one operation cannot begin, and fails that one in time', async () => {
    const { provisioner, handlers, store, database, operation, logger, ask } = boot();
    const begin = handlers.provision.begin?.bind(handlers.provision);
    const [sick, well] = [sampleDatabase(store, { name: 'sick' }), sampleDatabase(store, { name: 'well' })];
    handlers.provision.begin = (settled) => {
      if (settled.database.id === sick.id) throw new Error('a fault of ours');
      begin?.(settled);
    };
    const asked = ask('provision', sick.id);
    ask('provision', well.id);
    provisioner.start();
    await now();
    expect(database(well.id).status).toBe('ready');
    expect(operation(asked.id).status).toBe('queued');
    expect(JSON.stringify(logger.lines.map(({ fields }) => String(fields.err)))).toContain('a fault of ours');
    await pass(DEADLINE_MS.provision ?? 0);
    expect(operation(asked.id)).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringMatching(/^an internal error/),
    });
    expect(database(sick.id).status).toBe('failed');
  });

  it('takes a handler that throws for one that rejects', async () => {
    const { provisioner, store, database, operation, ask } = boot();
    const [sick, well] = [readyDatabase(store, { name: 'sick' }), readyDatabase(store, { name: 'well' })];
    store.run('DELETE FROM credentials WHERE database_id = ?', sick.id);
    const asked = ask('repair', sick.id);
    const other = ask('repair', well.id);
    provisioner.start();
    await now();
    expect(operation(other.id).status).toBe('succeeded');
    expect(operation(asked.id)).toMatchObject({
      status: 'queued',
      errorMessage: expect.stringMatching(/^an internal error/),
    });
    await pass(DEADLINE_MS.repair ?? 0);
    expect(operation(asked.id).status).toBe('failed');
    expect(database(sick.id).status).toBe('failed');
  });

  it('settles all of an operation or nothing of it, and tries again once its lease is over', async () => {
    const { provisioner, handlers, runtime, store, database, operation, logger, ask } = boot();
    const succeeded = handlers.provision.succeeded.bind(handlers.provision);
    let faults = 1;
    handlers.provision.succeeded = (settled) => {
      succeeded(settled);
      if (faults-- > 0) throw new Error('a fault of ours');
    };
    const { id } = sampleDatabase(store);
    const asked = ask('provision', id);
    provisioner.start();
    await now();
    expect(database(id).status).toBe('provisioning');
    expect(operation(asked.id).status).toBe('running');
    expect(auditOf('acme')).toEqual([]);
    expect(logger.messages('error')).toEqual(['an operation could not be settled']);
    await pass(LEASE_MS + HEARTBEAT_MS);
    expect(runtime.calls).toHaveLength(2);
    expect(operation(asked.id)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(database(id).status).toBe('ready');
    expect(auditOf('acme')).toEqual(['operation.provision.succeeded']);
  });

  describe('an operation is never at work twice, not even', () => {
    let id: string;
    beforeEach(async () => {
      const { provisioner, runtime, store, ask } = boot();
      runtime.script('apply', held().step);
      ({ id } = sampleDatabase(store));
      ask('provision', id);
      provisioner.start();
      await now();
    });
    afterEach(async () => {
      test.provisioner.nudge();
      await now();
      expect(test.runtime.history).toEqual([`apply ${id}`]);
    });

    it('when the clock jumps, and a request comes in before the next beat', () => {
      jest.setSystemTime(Date.now() + LEASE_MS * 2);
    });

    it('when the disk stands still while leases are extended', () => {
      const transaction = test.store.transaction.bind(test.store);
      jest.spyOn(test.store, 'transaction').mockImplementationOnce((work) => {
        const result = transaction(work);
        jest.setSystemTime(Date.now() + LEASE_MS);
        return result;
      });
    });
  });

  it('says so when the queue cannot be read, and goes on once it can', async () => {
    const { provisioner, store, database, logger } = boot();
    provisioner.start();
    await now();
    const { id } = sampleDatabase(store);
    enqueueOperation(store, { databaseId: id, kind: 'provision' });
    store.run('ALTER TABLE operations RENAME TO away');
    await pass(HEARTBEAT_MS);
    expect(logger.messages('error')).toContain('the queue of operations cannot be worked on');
    store.run('ALTER TABLE away RENAME TO operations');
    await pass(HEARTBEAT_MS);
    expect(database(id).status).toBe('ready');
  });
});
