/** Pieces of work of which none is worth anything without the others: the first that fails stops them all. */
export class Together {
  readonly signal: AbortSignal;
  private readonly stop = new AbortController();
  private failure: { reason: unknown } | null = null;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.stop.signal]);
  }

  fail(reason: unknown): void {
    this.failure ??= { reason };
    this.stop.abort(reason);
  }

  /** Settles when all have; rejects with what failed first. */
  async all<T extends readonly Promise<unknown>[]>(
    ...works: T
  ): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
    const watched = works.map((work) => work.catch((reason: unknown) => this.fail(reason)));
    const results = await Promise.all(watched);
    if (this.failure !== null) throw this.failure.reason;
    return results as { -readonly [K in keyof T]: Awaited<T[K]> };
  }
}
