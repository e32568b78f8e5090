import { Lines } from '../engine/lines.js';
import { withoutSecrets } from '../without-secrets.js';

/** A complaint of pg_restore's. */
export interface RestoreError {
  /** The entry that it was at: kind, name and owner; `null` outside of any. */
  entry: string | null;
  /** With PostgreSQL's detail. */
  message: string;
}

const KEPT = 50;
/** What comes before what is said: in pieces of their own, between which another process may say something. */
const TAGS = /^(?: *(?:pg_restore|error|warning):)+ */;
const ITEM = /^(creating|processing data for|executing|restoring) /;
const CHATTER =
  /^(connecting|disabling|dropping|enabling|entering|finished|from TOC entry|implied|launching|processing|restored|skipping|while|NOTICE:|WARNING:|INFO:) /;
/** What follows an error, and is none by itself. */
const CONTINUATION = /^(\s|LINE \d+:|QUERY:|detail:|hint:)/;
const DETAIL = /^(DETAIL|HINT|CONTEXT): /;

/**
 * Reads what pg_restore prints with --verbose, of itself and of the processes that it starts. An error can be
 * followed by lines of PostgreSQL's, and by the statement, which can be as long as it likes.
 */
export class RestoreMessages {
  readonly errors: RestoreError[] = [];
  private entry: string | null = null;
  /** How many errors were announced and not yet told. */
  private announced = 0;
  private inStatement = false;
  private readonly lines: Lines;

  /** @param onItem called whenever pg_restore begins with another item */
  constructor(private readonly onItem: () => void) {
    this.lines = new Lines((line) => this.read(line));
  }

  add(chunk: Buffer): void {
    this.lines.add(chunk);
  }

  end(): void {
    this.lines.end();
  }

  private read(line: string): void {
    const tags = TAGS.exec(line)?.[0] ?? '';
    const text = line.slice(tags.length);
    if (tags !== '') this.inStatement = false;
    this.announced += tags.split('error:').length - 1;
    if (this.inStatement || text === '' || /warning: *$/.test(tags)) return;
    // What is announced as an error may begin like an item.
    if (ITEM.test(text) && !/error: *$/.test(tags)) {
      this.entry = null;
      this.onItem();
    } else if (CHATTER.test(text)) {
      this.entry = /^from TOC entry \d+; \d+ \d+ (.*)$/s.exec(text)?.[1] ?? this.entry;
    } else if (DETAIL.test(text)) {
      const last = this.errors.at(-1);
      if (last) last.message += `. ${withoutSecrets(text)}`;
    } else if (text.startsWith('Command was: ')) {
      this.inStatement = true;
    } else if (this.announced > 0 && !CONTINUATION.test(text)) {
      this.announced -= 1;
      this.complain(withoutSecrets(text.replace(/^could not execute query: /, '')));
    } else if (text === 'out of memory') {
      // Not announced. Of a size in the archive that no machine has: a process with less is killed.
      this.complain('it wants more memory than there is');
    }
  }

  private complain(message: string): void {
    if (this.errors.length < KEPT) this.errors.push({ entry: this.entry, message });
  }
}
