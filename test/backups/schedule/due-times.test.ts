import { dueTimesAfter } from '../../../src/backups/schedule/due-times.js';
import { Schedule } from '../../../src/backups/schedule/schedule.js';
import { generateId } from '../../../src/secrets/random.js';

const MINUTE_MS = 60_000;
const IDS = Array.from({ length: 1000 }, generateId);
const dueAt = (now: string, id: string, expression = '0 3 * * *', windowMinutes = 60) =>
  dueTimesAfter(new Date(now), {
    schedule: Schedule.parse(expression),
    windowMs: windowMinutes * MINUTE_MS,
  }).of(id);

describe('the due times of databases', () => {
  it('are spread over the window after the run', () => {
    const schedule = Schedule.parse('0 3 * * *');
    const due = dueTimesAfter(new Date('2030-01-01T00:00:00Z'), { schedule, windowMs: 60 * MINUTE_MS });
    const minutes = IDS.map((id) => {
      const at = due.of(id).toISOString();
      expect(at).toMatch(/^2030-01-01T03:/);
      return Number(at.slice(14, 16));
    });
    const perMinute = Array.from({ length: 60 }, (_, minute) => minutes.filter((m) => m === minute).length);
    expect(Math.min(...perMinute)).toBeGreaterThan(2);
    expect(Math.max(...perMinute)).toBeLessThan(45);
  });

  it('are the run itself without a window', () => {
    for (const id of IDS.slice(0, 10)) {
      expect(dueAt('2030-01-01T03:00:00Z', id, '0 3 * * *', 0)).toEqual(new Date('2030-01-02T03:00:00Z'));
    }
  });

  it('are the same each day, whenever they are worked out', () => {
    for (const id of IDS.slice(0, 50)) {
      const first = dueAt('2030-01-01T00:00:00Z', id);
      const justBefore = new Date(first.getTime() - 1).toISOString();
      expect(dueAt(justBefore, id)).toEqual(first);
      const next = new Date(first.getTime() + 24 * 60 * MINUTE_MS);
      expect(dueAt(first.toISOString(), id)).toEqual(next);
      expect(dueAt('2030-01-01T23:00:00Z', id)).toEqual(next);
    }
  });

  it('never run into the next run, however long the window is', () => {
    for (const id of IDS.slice(0, 50)) {
      // Between 1:00 and 2:00 is an hour, after it there are two of the window.
      expect(dueAt('2030-01-01T00:30:00Z', id, '0 1,2 * * *', 120).getUTCHours()).toBe(1);
      expect([2, 3]).toContain(dueAt('2030-01-01T01:59:59.999Z', id, '0 1,2 * * *', 120).getUTCHours());
      const everyMinute = dueAt('2030-01-01T00:00:00Z', id, '* * * * *', 1440);
      expect(everyMinute.getTime()).toBeLessThan(Date.parse('2030-01-01T00:02:00Z'));
      expect(everyMinute.getTime()).toBeGreaterThan(Date.parse('2030-01-01T00:00:00Z'));
    }
  });
});
