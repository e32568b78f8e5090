import { Rounds } from '../../src/backups/rounds.js';

const INTERVAL_MS = 1000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Rounds of which each lasts until it is ended. */
function start() {
  const begun: { end: () => void; fail: (error: Error) => void; signal: AbortSignal }[] = [];
  const failures: unknown[] = [];
  const rounds = new Rounds({
    round: (signal) => new Promise<void>((end, fail) => begun.push({ end, fail, signal })),
    failed: (error) => failures.push(error),
    intervalMs: INTERVAL_MS,
  });
  const begins = async (count: number) => {
    await jest.advanceTimersByTimeAsync(0);
    expect(begun).toHaveLength(count);
  };
  return { rounds, begun, failures, begins };
}

it('begins one at once, and others at its interval', async () => {
  const { rounds, begun, begins } = start();
  rounds.nudge();
  await begins(1);
  begun[0]?.end();
  await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
  await begins(1);
  await jest.advanceTimersByTimeAsync(1);
  await begins(2);
});

it('never has two at a time, and of all that was asked for meanwhile makes one', async () => {
  const { rounds, begun, begins } = start();
  rounds.nudge();
  await begins(1);
  for (let count = 0; count < 5; count += 1) rounds.nudge();
  await jest.advanceTimersByTimeAsync(INTERVAL_MS * 3);
  await begins(1);
  begun[0]?.end();
  await begins(2);
  begun[1]?.end();
  await begins(2);
});

it('tells what one failed with, and goes on', async () => {
  const { rounds, begun, failures, begins } = start();
  rounds.nudge();
  await begins(1);
  begun[0]?.fail(new Error('full'));
  await jest.advanceTimersByTimeAsync(INTERVAL_MS);
  await begins(2);
  expect(failures).toEqual([new Error('full')]);
});

it('stops when the one that runs is over, and begins none that was asked for before or after', async () => {
  const { rounds, begun, begins } = start();
  rounds.nudge();
  await begins(1);
  rounds.nudge();
  const stopped = jest.fn();
  void rounds.stop().then(stopped);
  expect(begun[0]?.signal.aborted).toBe(true);
  await begins(1);
  expect(stopped).not.toHaveBeenCalled();
  begun[0]?.end();
  await begins(1);
  expect(stopped).toHaveBeenCalled();
  rounds.nudge();
  await jest.advanceTimersByTimeAsync(INTERVAL_MS * 2);
  await begins(1);
});
