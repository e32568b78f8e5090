export interface RoundsDeps {
  /** Its signal aborts when there are to be no more rounds: one that runs should end soon. */
  round: (signal: AbortSignal) => Promise<void>;
  /** Is told what a round failed with. The next comes all the same. */
  failed: (error: unknown) => void;
  intervalMs: number;
}

/** Does the same again and again, and whenever somebody says that there may be something to do; never twice at a time. */
export class Rounds {
  private readonly abort = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private current: Promise<void> = Promise.resolve();
  /** One round is to come already: another would see the same. */
  private waiting = false;

  constructor(private readonly deps: RoundsDeps) {}

  start(): void {
    this.nudge();
  }

  /** Begins a round now, or when the one that runs is over. */
  nudge(): void {
    if (this.abort.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.nudge(), this.deps.intervalMs);
    if (this.waiting) return;
    this.waiting = true;
    this.current = this.current.then(() => this.begin());
  }

  /** Waits for the round that runs. */
  async stop(): Promise<void> {
    this.abort.abort();
    clearTimeout(this.timer);
    await this.current;
  }

  private async begin(): Promise<void> {
    this.waiting = false;
    if (this.abort.signal.aborted) return;
    try {
      await this.deps.round(this.abort.signal);
    } catch (error) {
      this.deps.failed(error);
    }
  }
}
