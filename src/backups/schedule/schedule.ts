import { createTask, parse } from 'node-cron';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** 29 February comes after eight years at the latest. */
const FAR_DAYS = 366 * 9;

/**
 * When backups run: five fields of cron, in UTC. node-cron says what they mean; it neither catches up nor tells what
 * comes after a given time, so that is worked out here.
 */
export class Schedule {
  private constructor(
    /** When it runs on each of its days, in ms since midnight, ascending. */
    private readonly times: readonly number[],
    /** Whether one of these times is on a day of its. */
    private readonly matches: (run: Date) => boolean,
  ) {}

  /** Throws, with what is wrong, unless the expression can be used. */
  static parse(expression: string): Schedule {
    const fields = expression.split(' ');
    if (fields.length !== 5) throw new Error(`it has ${fields.length} fields instead of five`);
    const { hour, minute } = parse(expression);
    const [, , dayOfMonth, , dayOfWeek] = fields;
    if (![dayOfMonth, dayOfWeek].some((field) => field === '*' || field === '?')) {
      // Some run when both fit, others when one does: who means the one would miss backups with the other.
      throw new Error('it names both days of the month and days of the week: one of them has to be *');
    }
    const task = createTask(expression, () => undefined, { timezone: 'UTC' });
    // It was never started, and still tells. The library forgets it.
    void task.destroy();
    const times = hour.flatMap((h) => minute.map((m) => (h * 60 + m) * MINUTE_MS));
    const schedule = new Schedule(
      times.sort((one, other) => one - other),
      (run) => task.match(run),
    );
    if (schedule.days(Date.now()).next().done) throw new Error('its day never comes');
    return schedule;
  }

  /** The first run after a time. */
  nextRun(after: Date): Date {
    for (const day of this.days(after.getTime())) {
      const time = this.times.find((ms) => day + ms > after.getTime());
      if (time !== undefined) return new Date(day + time);
    }
    throw new Error('the schedule has no next run');
  }

  /** How far two runs after a time are apart at the most. */
  longestGapMs(after: Date): number {
    const [first = 0] = this.times;
    const last = this.times.at(-1) ?? first;
    const days = [...this.days(after.getTime())];
    return Math.max(...gapsOf(this.times), ...gapsOf(days).map((gapMs) => gapMs - last + first));
  }

  /** The days on which it runs from that of a time on, each as the ms of its midnight. */
  private *days(fromMs: number): Generator<number, void> {
    const [time = 0] = this.times;
    const today = Math.floor(fromMs / DAY_MS) * DAY_MS;
    for (let day = today; day < today + FAR_DAYS * DAY_MS; day += DAY_MS) {
      // All of its times are on a day, or none.
      if (this.matches(new Date(day + time))) yield day;
    }
  }
}

function gapsOf(ascending: readonly number[]): number[] {
  return ascending.slice(1).map((value, index) => value - (ascending[index] ?? value));
}
