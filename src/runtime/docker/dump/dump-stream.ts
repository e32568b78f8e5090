import { RuntimeError } from '../../runtime-error.js';
import { withDeadline } from '../engine/deadline.js';
import type { RunningProgram } from '../engine/exec.js';
import { TRAILER } from '../engine/guarded.js';
import type { StallWatch } from '../engine/stall-watch.js';
import { TextTail } from '../engine/text-tail.js';
import { HeldBack } from './held-back.js';
import { pgDumpFailure } from './pg-dump.js';

/** What every archive of pg_dump begins with. */
const MAGIC = Buffer.from('PGDMP');
/** pg_dump is done when its output is. */
const EXIT_MS = 30_000;

/** The archive that pg_dump prints. It ends only when it is whole, and rejects otherwise. */
export class DumpStream implements AsyncIterable<Buffer> {
  /** It was read to its end, and is whole. */
  complete = false;
  /** Why it could not be read. */
  failure: Error | null = null;

  constructor(
    private readonly program: RunningProgram,
    private readonly stalls: StallWatch,
    private readonly signal: AbortSignal,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    const { stdout, exit } = this.program;
    // Docker prints there too, when it cannot start a program: nobody should take that for an archive.
    let head: Buffer | null = Buffer.alloc(0);
    const printed = new TextTail();
    const end = new HeldBack(TRAILER.length);
    try {
      for await (const piece of this.stalls.over(stdout)) {
        const chunk = end.pass(piece);
        if (chunk.length === 0) continue;
        if (head === null) {
          yield chunk;
          continue;
        }
        head = Buffer.concat([head, chunk]);
        if (head.length < MAGIC.length) continue;
        if (head.subarray(0, MAGIC.length).equals(MAGIC)) {
          yield head;
          head = null;
        } else {
          printed.add(head);
          head = Buffer.alloc(0);
        }
      }
      const ended = await withDeadline(EXIT_MS, this.signal, exit);
      const whole = end.rest.equals(TRAILER);
      if (ended.exitCode !== 0 || head !== null) {
        const rest = whole || head === null ? '' : end.rest.toString();
        throw pgDumpFailure(ended, `${String(printed)}${String(head ?? '')}${rest}`);
      }
      if (!whole) {
        throw new RuntimeError(
          'dump_failed',
          'The connection to Docker was lost before the archive was through',
        );
      }
      this.complete = true;
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
