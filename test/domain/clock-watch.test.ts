import { ClockWatch } from '../../src/domain/clock-watch.js';

const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;

/** A watch, and a way to let time pass by what counts and by what the clock says. */
function watching() {
  let [timeMs, uptimeMs] = [Date.UTC(2030, 0, 1), 5_000];
  const watch = new ClockWatch(
    () => new Date(timeMs),
    () => uptimeMs,
  );
  const pass = (minutes: number, jumpMs = 0) => {
    uptimeMs += minutes * MINUTE_MS;
    timeMs += minutes * MINUTE_MS + jumpMs;
    return watch.isSteady();
  };
  return { pass };
}

it('is believed once it has gone right for most of an hour', () => {
  const { pass } = watching();
  expect([pass(0), pass(49), pass(1), pass(60)]).toEqual([false, false, true, true]);
});

it.each([
  ['forward', YEAR_MS],
  ['back', -YEAR_MS],
])('is not believed until an hour after it has jumped %s', (_where, jumpMs) => {
  const { pass } = watching();
  expect([pass(60), pass(60, jumpMs), pass(49), pass(1)]).toEqual([true, false, false, true]);
});

it('is believed although it is set right by a little now and then', () => {
  const { pass } = watching();
  expect([pass(30, 20_000), pass(30, -20_000), pass(60)]).toEqual([false, true, true]);
});
