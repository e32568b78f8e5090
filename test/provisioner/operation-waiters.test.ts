import { getEventListeners } from 'node:events';
import { OperationWaiters } from '../../src/provisioner/operation-waiters.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A wait, whether it is over, and the signal that a client would abort. */
function begin(waiters: OperationWaiters, operationId: string, timeoutMs = 60_000) {
  const abort = new AbortController();
  const wait = { over: false, abort };
  void waiters.wait(operationId, timeoutMs, abort.signal).then(() => (wait.over = true));
  return wait;
}

/** How many timers and listeners a wait has left behind. */
const leftovers = (abort: AbortController) =>
  jest.getTimerCount() + getEventListeners(abort.signal, 'abort').length;

const settle = () => jest.advanceTimersByTimeAsync(0);

describe('waiting for an operation', () => {
  it('ends for everybody who waits for it when it is settled, and for nobody else', async () => {
    const waiters = new OperationWaiters();
    const [one, two, other] = [begin(waiters, '1a'), begin(waiters, '1a'), begin(waiters, '1b')];
    waiters.notify('1a');
    await settle();
    expect([one.over, two.over, other.over]).toEqual([true, true, false]);
    waiters.notify('1b');
    await settle();
    expect(other.over).toBe(true);
    expect(leftovers(one.abort)).toBe(0);
  });

  it('ends after its time, not before', async () => {
    const wait = begin(new OperationWaiters(), '1a', 5000);
    await jest.advanceTimersByTimeAsync(4999);
    expect(wait.over).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(wait.over).toBe(true);
    expect(leftovers(wait.abort)).toBe(0);
  });

  it('ends when the client goes away, and leaves nothing behind', async () => {
    const waiters = new OperationWaiters();
    const [gone, stays] = [begin(waiters, '1a'), begin(waiters, '1a')];
    gone.abort.abort();
    await settle();
    expect([gone.over, stays.over]).toEqual([true, false]);
    expect(getEventListeners(gone.abort.signal, 'abort')).toHaveLength(0);
    waiters.notify('1a');
    await settle();
    expect(stays.over).toBe(true);
    expect(leftovers(stays.abort)).toBe(0);
  });

  it('does not begin for a client that is gone already', async () => {
    const abort = new AbortController();
    abort.abort();
    await new OperationWaiters().wait('1a', 60_000, abort.signal);
    expect(leftovers(abort)).toBe(0);
  });

  it('ends for everybody when the daemon stops', async () => {
    const waiters = new OperationWaiters();
    const waits = [begin(waiters, '1a'), begin(waiters, '1b')];
    waiters.close();
    await settle();
    expect(waits.map(({ over }) => over)).toEqual([true, true]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can begin again', async () => {
    const waiters = new OperationWaiters();
    begin(waiters, '1a');
    waiters.notify('1a');
    waiters.notify('1a');
    const again = begin(waiters, '1a');
    await settle();
    expect(again.over).toBe(false);
    waiters.notify('1a');
    await settle();
    expect(again.over).toBe(true);
  });
});
