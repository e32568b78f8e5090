import type { Clock } from './clock.js';

/** How long it has to go right before it is believed, in ms. */
const PROBATION_MS = 50 * 60_000;
/** By how much it may differ meanwhile from what only counts, in ms. */
const TOLERANCE_MS = 60_000;

/**
 * Whether the clock can be believed that something is old. A host whose battery is empty begins in another year, and one
 * that was asleep or that is set right jumps: whatever is deleted for its age has to wait until that is over.
 */
export class ClockWatch {
  private since: { timeMs: number; uptimeMs: number };

  constructor(
    private readonly clock: Clock,
    /** What only counts, in ms. */
    private readonly uptimeMs: () => number,
  ) {
    this.since = this.read();
  }

  /** Whether it has gone right for most of an hour. To be asked more often than that. */
  isSteady(): boolean {
    const now = this.read();
    const countedMs = now.uptimeMs - this.since.uptimeMs;
    const driftMs = Math.abs(now.timeMs - this.since.timeMs - countedMs);
    if (driftMs > TOLERANCE_MS) {
      this.since = now;
      return false;
    }
    return countedMs >= PROBATION_MS;
  }

  private read() {
    return { timeMs: this.clock().getTime(), uptimeMs: this.uptimeMs() };
  }
}
