import type { Clock } from '../src/domain/clock.js';

/** A clock that stands still until a test moves it. */
export class FakeClock {
  private nowMs: number;

  constructor(start = '2030-01-01T00:00:00.000Z') {
    this.nowMs = Date.parse(start);
  }

  readonly read: Clock = () => new Date(this.nowMs);

  advance(ms: number): void {
    this.nowMs += ms;
  }
}
