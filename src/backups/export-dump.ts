import type { Database } from '../domain/records.js';
import type { DatabaseSpec, Runtime } from '../runtime/runtime.js';
import { RuntimeError } from '../runtime/runtime-error.js';

export interface ExporterDeps {
  runtime: Pick<Runtime, 'dump'>;
  specOf: (database: Database) => DatabaseSpec;
  /** How many may be under way together. */
  atOnce: number;
  /** How long a reader may take for one piece, in ms: until all was read, the dump holds locks and old rows. */
  idleMs: number;
}

/** Dumps databases to whoever reads on, without storing anything. */
export class Exporter {
  /** The ids of the databases. */
  private readonly underWay = new Set<string>();

  constructor(private readonly deps: ExporterDeps) {}

  /**
   * The dump of a database as it is now, no faster than it is read. It rejects when the dump fails, however much was
   * read before, and is stopped when its reader gives up or `signal` is aborted.
   */
  async *dump(database: Database, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    const { runtime, specOf, idleMs, atOnce } = this.deps;
    if (this.underWay.has(database.id)) {
      const message = 'An export of this database is under way already: try again when it is done';
      throw new RuntimeError('unavailable', message);
    }
    if (this.underWay.size >= atOnce) {
      throw new RuntimeError(
        'unavailable',
        `${atOnce} exports are under way already, which is all there may be: try again when one is done, or make a backup and download that`,
      );
    }
    const stop = new AbortController();
    const handover = new Handover(idleMs);
    const spec = specOf(database);
    this.underWay.add(database.id);
    const dump = runtime.dump(
      spec,
      async (archive) => {
        for await (const piece of archive) await handover.give(piece);
      },
      { signal: AbortSignal.any([signal, stop.signal]) },
    );
    // Whatever ends it, a reader that waits is told by the end of the handover.
    const ended = dump.finally(() => {
      this.underWay.delete(database.id);
      handover.close();
    });
    ended.catch(() => undefined);
    try {
      for (let piece = await handover.take(); piece !== null; piece = await handover.take()) yield piece;
      await ended;
    } finally {
      stop.abort();
      handover.close();
      // It may be cleaning up.
      await dump.catch(() => undefined);
    }
  }
}

/** One piece at a time from who pushes to who pulls. */
class Handover {
  private piece: Buffer | null = null;
  private readonly closing = new AbortController();
  private onGiven: () => void = () => undefined;
  private onTaken: () => void = () => undefined;

  constructor(private readonly idleMs: number) {}

  /** Resolves once the reader wants more. */
  async give(piece: Buffer): Promise<void> {
    this.requireReader();
    this.piece = piece;
    this.onGiven();
    let patience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      patience = setTimeout(() => {
        const message = `Nothing of the dump was read for ${this.idleMs / 1000} s, so it was stopped: read it faster, or make a backup and download that`;
        reject(new RuntimeError('aborted', message));
      }, this.idleMs);
      this.onTaken = resolve;
    }).finally(() => clearTimeout(patience));
    this.requireReader();
  }

  /** The next piece; `null` when there is none any more. */
  async take(): Promise<Buffer | null> {
    this.onTaken();
    if (this.piece === null && !this.closing.signal.aborted) {
      await new Promise<void>((resolve) => (this.onGiven = resolve));
    }
    const { piece } = this;
    this.piece = null;
    return piece;
  }

  close(): void {
    this.closing.abort();
    this.onGiven();
    this.onTaken();
  }

  private requireReader(): void {
    if (this.closing.signal.aborted) throw new RuntimeError('aborted', 'The reader of the dump has gone');
  }
}
