import { getTasks } from 'node-cron';
import { Schedule } from '../../../src/backups/schedule/schedule.js';

const HOUR_MS = 3_600_000;
const at = (time: string) => new Date(time);

/** The first runs after a time. */
function runs(expression: string, after: string, count: number): string[] {
  const schedule = Schedule.parse(expression);
  const found: Date[] = [];
  while (found.length < count) found.push(schedule.nextRun(found.at(-1) ?? at(after)));
  return found.map((run) => run.toISOString().replace(':00.000Z', ''));
}

describe('a schedule', () => {
  it.each([
    ['0 3 * * *', '2030-01-01T02:59:59.999Z', ['2030-01-01T03:00', '2030-01-02T03:00']],
    ['0 3 * * *', '2030-01-01T03:00:00.000Z', ['2030-01-02T03:00']],
    ['59 23 31 12 *', '2030-12-31T23:59:00.000Z', ['2031-12-31T23:59']],
    ['*/30 1,2 * * *', '2030-01-01T01:10:00.000Z', ['2030-01-01T01:30', '2030-01-01T02:00']],
    ['0 3 * * MON-FRI', '2030-01-04T04:00:00.000Z', ['2030-01-07T03:00', '2030-01-08T03:00']],
    ['0 3 * * 7', '2030-01-01T00:00:00.000Z', ['2030-01-06T03:00']],
    ['0 0 29 2 *', '2096-03-01T00:00:00.000Z', ['2104-02-29T00:00']],
    ['0 3 L * *', '2030-02-01T00:00:00.000Z', ['2030-02-28T03:00']],
  ])('%s runs after %s at %j', (expression, after, expected) => {
    expect(runs(expression, after, expected.length)).toEqual(expected);
  });

  it('is in UTC, which knows no daylight saving', () => {
    // In Europe and America clocks are set in these nights.
    for (const night of ['2030-03-30', '2030-03-09', '2030-10-26', '2030-11-02']) {
      const [first, second] = runs('30 2 * * *', `${night}T00:00:00.000Z`, 2);
      expect(at(`${second}:00Z`).getTime() - at(`${first}:00Z`).getTime()).toBe(24 * HOUR_MS);
    }
  });

  it.each([
    ['0 3 * * *', 24],
    ['0 1,3 * * *', 22],
    ['* * * * *', 1 / 60],
    ['* 9-16 * * *', 16 + 1 / 60],
    ['0 3 * * 1-5', 72],
    ['0 3 * * 0', 7 * 24],
    ['0 3 1 * *', 31 * 24],
  ])('%s has runs that are at most %d hours apart', (expression, hours) => {
    expect(Schedule.parse(expression).longestGapMs(at('2030-01-01T00:00:00Z'))).toBe(hours * HOUR_MS);
  });

  it.each([
    ['61 3 * * *', 'minute'],
    ['0 24 * * *', 'hour'],
    ['0 3 * * x', 'week day'],
    ['0 3 30 2 *', 'impossible day'],
    ['0 3 L-30 2 *', 'never comes'],
    ['0 3 1 * 1', 'one of them has to be *'],
    ['0 0 3 * * *', '6 fields instead of five'],
    ['@daily', '1 fields instead of five'],
  ])('%s is refused, with what is wrong', (expression, reason) => {
    expect(() => Schedule.parse(expression)).toThrow(reason);
  });

  it('leaves nothing running in the library', () => {
    Schedule.parse('0 3 * * *');
    expect(getTasks().size).toBe(0);
  });
});
