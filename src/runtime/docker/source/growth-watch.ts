import { sleep } from '../engine/deadline.js';

export interface GrowthLimits {
  pollMs: number;
  /** How long nothing may happen. */
  stallMs: number;
}

/**
 * Looks at something that grows until it is aborted, and calls `onStall` when it has not grown for too long, nor has
 * anybody said that something happens. Never rejects.
 */
export class GrowthWatch {
  private lastSign = performance.now();

  constructor(
    private readonly limits: GrowthLimits,
    /** A size that cannot be told now counts as the same. */
    private readonly size: (signal: AbortSignal) => Promise<number>,
    private readonly onSize: (size: number) => void,
    private readonly onStall: () => void,
  ) {}

  sign(): void {
    this.lastSign = performance.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    let last = 0;
    for (;;) {
      try {
        await sleep(this.limits.pollMs, signal);
      } catch {
        return;
      }
      const size = await this.size(signal).catch(() => last);
      if (size !== last) {
        last = size;
        this.sign();
        this.onSize(size);
      }
      if (performance.now() - this.lastSign > this.limits.stallMs) this.onStall();
    }
  }
}
