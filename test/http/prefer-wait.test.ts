import { request } from 'node:http';
import { once } from 'node:events';
import { preferredWaitMs } from '../../src/http/prefer-wait.js';
import { OperationWaiters } from '../../src/provisioner/operation-waiters.js';
import { bootApi, type BootedApi } from './boot-api.js';

const DATABASES = '/api/orgs/acme/apps/web/databases';

const prefer = (value: string) => ({ headers: { Prefer: value } });

/** Lets the provisioner work once the API has said that there is something to do. */
function workWhenNudged(api: BootedApi, failure?: string): void {
  api.nudge.mockImplementationOnce(() => setImmediate(() => void api.settle(failure)));
}

/** An API whose waits end as soon as they begin, and that tells how long they would have been. */
async function bootImpatientApi() {
  const waited: number[] = [];
  const api = await bootApi({
    deps: {
      waitForOperation: (_, timeoutMs) => {
        waited.push(timeoutMs);
        return Promise.resolve();
      },
    },
  });
  return { ...api, waited };
}

describe('Prefer: wait', () => {
  it('answers 201 with the database once it is ready', async () => {
    await using api = await bootApi();
    workWhenNudged(api);
    const answer = await api.post(DATABASES, { name: 'main' }, prefer('wait=30'));
    expect([answer.status, answer.body.status]).toEqual([201, 'ready']);
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(answer.headers.get('location')).toBe(`${DATABASES}/${String(answer.body.id)}`);
  });

  it('answers 200 when a restart, a deletion or a purge is done', async () => {
    await using api = await bootApi();
    const id = await api.readyDatabase();
    const { operator: token } = api.tokens;
    for (const [method, path, status] of [
      ['POST', `${DATABASES}/main/restart`, 'succeeded'],
      ['DELETE', `${DATABASES}/main`, 'deleted'],
    ] as const) {
      workWhenNudged(api);
      const answer = await api.request(method, path, { token, ...prefer('wait=30') });
      expect([path, answer.status, answer.body.status]).toEqual([path, 200, status]);
    }
    workWhenNudged(api);
    const purged = await api.delete(`/api/volumes/${id}`, { token, ...prefer('wait=30') });
    expect([purged.status, purged.body.state]).toEqual([200, 'purged']);
    expect(purged.headers.get('location')).toBe(`/api/volumes/${id}`);
  });

  it('answers 201 to a PUT that creates, and 200 to one that finds it at work', async () => {
    await using api = await bootApi();
    const created = await api.put(`${DATABASES}/main`);
    expect(created.status).toBe(202);
    workWhenNudged(api);
    const found = await api.put(`${DATABASES}/main`, {}, prefer('wait=30'));
    expect([found.status, found.body.status]).toEqual([200, 'ready']);
    workWhenNudged(api);
    const other = await api.put(`${DATABASES}/other`, {}, prefer('wait=30'));
    expect([other.status, other.body.status]).toEqual([201, 'ready']);
  });

  it('answers 202 to a PUT that creates what then fails', async () => {
    await using api = await bootApi();
    workWhenNudged(api, 'no image');
    const answer = await api.put(`${DATABASES}/main`, {}, prefer('wait=30'));
    expect([answer.status, answer.body.status]).toEqual([202, 'failed']);
  });

  it('answers 200 at once when there is nothing to wait for', async () => {
    await using api = await bootImpatientApi();
    await api.readyDatabase();
    const answer = await api.put(`${DATABASES}/main`, {}, prefer('wait=30'));
    expect([answer.status, answer.body.status]).toEqual([200, 'ready']);
    expect(api.waited).toEqual([]);
    expect(answer.headers.get('preference-applied')).toBeNull();
  });

  it('answers 202 when the time is over, with how far it came', async () => {
    await using api = await bootImpatientApi();
    const answer = await api.post(DATABASES, { name: 'main' }, prefer('wait=7'));
    expect([answer.status, answer.body.status]).toEqual([202, 'pending']);
    expect(answer.headers.get('preference-applied')).toBe('wait=7');
    expect(api.waited).toEqual([7000]);
  });

  it('answers 202 with the reason when the work failed', async () => {
    await using api = await bootApi();
    workWhenNudged(api, 'the image postgres:18-alpine cannot be pulled');
    const answer = await api.post(DATABASES, { name: 'main' }, prefer('wait=30'));
    expect([answer.status, answer.body.status]).toEqual([202, 'failed']);
    expect(answer.body.errorMessage).toBe('the image postgres:18-alpine cannot be pulled');
  });

  it('ends when the daemon stops', async () => {
    await using api = await bootApi();
    api.nudge.mockImplementationOnce(() => setImmediate(() => api.waiters.close()));
    const answer = await api.post(DATABASES, { name: 'main' }, prefer('wait=60'));
    expect(answer.status).toBe(202);
  });

  it('waits a minute at the most', async () => {
    await using api = await bootImpatientApi();
    const answer = await api.post(DATABASES, { name: 'main' }, prefer('wait=3600'));
    expect(api.waited).toEqual([60_000]);
    expect(answer.headers.get('preference-applied')).toBe('wait=60');
  });

  it.each(['wait', 'wait=', 'wait=soon', 'wait=-1', 'wait=1.5', 'respond-async', 'waiting=5', ''])(
    'that is malformed is passed over: %j',
    async (value) => {
      await using api = await bootImpatientApi();
      const answer = await api.post(DATABASES, { name: 'main' }, prefer(value));
      expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, null]);
      expect(api.waited).toEqual([]);
    },
  );

  it('replays an idempotent answer as it is by now', async () => {
    await using api = await bootApi();
    const options = { headers: { Prefer: 'wait=30', 'Idempotency-Key': 'k' } };
    workWhenNudged(api);
    const first = await api.post(DATABASES, { name: 'main' }, options);
    const again = await api.post(DATABASES, { name: 'main' }, options);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
  });

  it('lets go of everything when the client goes away', async () => {
    const waiters = new OperationWaiters();
    const waits: { signal: AbortSignal; over: Promise<void> }[] = [];
    await using api = await bootApi({
      deps: {
        waitForOperation: (id, timeoutMs, signal) => {
          const over = waiters.wait(id, timeoutMs, signal);
          waits.push({ signal, over });
          return over;
        },
      },
    });
    const nudged = new Promise<void>((resolve) => api.nudge.mockImplementationOnce(resolve));
    const client = request(`${api.url}${DATABASES}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${api.tokens.acme.org.owner}`,
        'Content-Type': 'application/json',
        Prefer: 'wait=60',
      },
    });
    client.on('error', () => undefined);
    client.end(JSON.stringify({ name: 'main' }));
    await nudged;
    const [wait] = waits;
    expect(wait?.signal.aborted).toBe(false);
    client.destroy();
    await once(wait?.signal as AbortSignal, 'abort');
    await wait?.over;
    expect((await api.get(`${DATABASES}/main`)).body.status).toBe('pending');
    expect(api.logger.messages('error')).toEqual([]);
  });
});

describe('reading the header', () => {
  it.each([
    ['wait=10', 10_000],
    ['wait=0', 0],
    ['WAIT=10', 10_000],
    ['wait="10"', 10_000],
    ['wait = 10', 10_000],
    ['respond-async, wait=10', 10_000],
    ['respond-async; wait=10', 10_000],
    ['wait=10, handling=lenient', 10_000],
    ['wait=60', 60_000],
    ['wait=61', 60_000],
    ['wait=999999', 60_000],
    ['wait=10s', null],
    ['xwait=10', null],
    ['', null],
    [undefined, null],
  ])('%j is %j ms', (value, expected) => {
    expect(preferredWaitMs(value)).toBe(expected);
  });
});
