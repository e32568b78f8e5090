/** Lets a request wait for an operation that the provisioner settles. */
export class OperationWaiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Resolves when the operation is settled, after `timeoutMs`, or when aborted; never rejects. */
  wait(operationId: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.waiting.get(operationId) ?? new Set();
      this.waiting.set(operationId, waiters);
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        waiters.delete(finish);
        if (waiters.size === 0) this.waiting.delete(operationId);
        resolve();
      };
      const timer = setTimeout(finish, timeoutMs);
      waiters.add(finish);
      if (signal.aborted) finish();
      else signal.addEventListener('abort', finish);
    });
  }

  /** The operations that somebody waits for. */
  get awaited(): string[] {
    return [...this.waiting.keys()];
  }

  /** Ends every wait: the daemon stops, and whoever waits is told how far it came. */
  close(): void {
    for (const operationId of this.awaited) this.notify(operationId);
  }

  notify(operationId: string): void {
    for (const finish of [...(this.waiting.get(operationId) ?? [])]) finish();
  }
}
