import { delayed, sleep, withDeadline } from '../../../../src/runtime/docker/engine/deadline.js';

const pending = () => new Promise<never>(() => undefined);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('rejects after its time, whatever the work does, and aborts the work', async () => {
  let inner: AbortSignal | undefined;
  const result = withDeadline(100, new AbortController().signal, (signal) => {
    inner = signal;
    return pending();
  });
  const settled = expect(result).rejects.toThrow('no answer within 100 ms');
  jest.advanceTimersByTime(100);
  await settled;
  expect(inner?.aborted).toBe(true);
});

it('rejects at once with the reason of the abort', async () => {
  const gone = new AbortController();
  const result = withDeadline(100, gone.signal, pending);
  gone.abort(new Error('enough'));
  await expect(result).rejects.toThrow('enough');
  await expect(withDeadline(100, gone.signal, pending)).rejects.toThrow('enough');
  expect(jest.getTimerCount()).toBe(0);
});

it.each([
  ['value', () => Promise.resolve(1)],
  ['error', () => Promise.reject(new Error('no'))],
])('passes a %s on and leaves no timer behind', async (_, work) => {
  const result = withDeadline(100, new AbortController().signal, work);
  await result.then(
    (value) => expect(value).toBe(1),
    (error: unknown) => expect(error).toEqual(new Error('no')),
  );
  expect(jest.getTimerCount()).toBe(0);
});

it('sleeps until its time or the abort', async () => {
  const gone = new AbortController();
  const slept = sleep(50, gone.signal);
  jest.advanceTimersByTime(50);
  await slept;
  const aborted = sleep(50, gone.signal);
  gone.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await expect(sleep(50, gone.signal)).rejects.toThrow('enough');
  expect(jest.getTimerCount()).toBe(0);
});

it('delays an abort, unless it is released', () => {
  const gone = new AbortController();
  const one = delayed(gone.signal, 100);
  const two = delayed(gone.signal, 100);
  gone.abort(new Error('enough'));
  jest.advanceTimersByTime(99);
  expect(one.signal.aborted).toBe(false);
  two.release();
  jest.advanceTimersByTime(1);
  expect(one.signal.aborted).toBe(true);
  expect(two.signal.aborted).toBe(false);
});
