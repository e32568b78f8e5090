import { Lines } from '../engine/lines.js';
import { withoutSecrets } from '../start-failure.js';

/** A complaint of pg_restore's. */
export interface RestoreError {
  /** The entry that it was at: kind, name and owner; `null` outside of any. */
  entry: string | null;
  /** With PostgreSQL's detail. */
  message: string;
}

const KEPT = 50;
const PREFIX = 'pg_restore: ';

/**
 * Reads what pg_restore prints with --verbose. An error can be followed by lines of PostgreSQL's, and by the
 * statement, which can be as long as it likes.
 */
export class RestoreMessages {
  readonly errors: RestoreError[] = [];
  /** How many there were, kept or not. */
  errorCount = 0;
  private entry: string | null = null;
  private inStatement = false;
  private readonly lines: Lines;

  /**
   * @param onItem called whenever pg_restore begins with another item
   * @param onError called when an error has begun
   */
  constructor(
    private readonly onItem: () => void,
    private readonly onError: (error: RestoreError) => void = () => undefined,
  ) {
    this.lines = new Lines((line) => this.read(line));
  }

  add(chunk: Buffer): void {
    this.lines.add(chunk);
  }

  end(): void {
    this.lines.end();
  }

  private read(line: string): void {
    if (line.startsWith(PREFIX)) this.message(line.slice(PREFIX.length));
    else if (line.startsWith('Command was: ')) this.inStatement = true;
    else if (!this.inStatement && /^(DETAIL|HINT|CONTEXT): /.test(line)) {
      const last = this.errors.at(-1);
      if (last) last.message += `. ${withoutSecrets(line)}`;
    }
  }

  private message(text: string): void {
    this.inStatement = false;
    if (/^(creating|processing data for|executing|restoring) /.test(text)) {
      this.entry = null;
      this.onItem();
      return;
    }
    const entry = /^from TOC entry \d+; \d+ \d+ (.*)$/.exec(text);
    if (entry) this.entry = entry[1] ?? null;
    const error = /^(?:\[[^\]]*\] )?(?:error|fatal): (.*)$/.exec(text);
    if (!error) return;
    const { entry: at } = this;
    const told = {
      entry: at,
      message: withoutSecrets((error[1] ?? '').replace(/^could not execute query: /, '')),
    };
    this.errorCount += 1;
    if (this.errors.length < KEPT) this.errors.push(told);
    this.onError(told);
  }
}
