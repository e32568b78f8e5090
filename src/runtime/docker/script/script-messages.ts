import { Lines } from '../engine/lines.js';
import { withoutSecrets } from '../without-secrets.js';

/** A complaint of psql's while it ran a script. */
export interface ScriptError {
  /** Of the script, as psql counts; `null` when unknown, or of another file. */
  line: number | null;
  /** `null` when psql itself complains. */
  sqlState: string | null;
  message: string;
  /** The beginning of the statement, without what psql prints before it; empty when unknown. */
  statement: string;
}

/** psql tells where it is: with `-f -`, or in what the script has it read besides. */
const PLACE = /^psql:([^:]+):(\d+): /;
const ITSELF = '<stdin>';
/** A name, and with it a message, may hold any character but the end of a line, also those that `.` takes for one. */
const SEVERITY = /^(ERROR|FATAL|PANIC): {2}(?:([0-9A-Z]{5}): )?(.*)$/s;
const OWN = /^(?:psql: )?(?:(?:error|fatal): (.*)|(You are currently not connected.*))$/s;
const REMARK = /^(?:NOTICE|WARNING|INFO|LOG|DEBUG\d?|warning|detail|hint): /;

/**
 * Reads what psql prints with --echo-errors and VERBOSITY=verbose, and hands errors on once they are complete: a
 * statement's comes before the statement itself.
 */
export class ScriptMessages {
  private open: ScriptError | null = null;
  private inStatement = false;
  private readonly lines = new Lines((line) => this.read(line));

  constructor(private readonly onError: (error: ScriptError) => void) {}

  add(chunk: Buffer): void {
    this.lines.add(chunk);
  }

  end(): void {
    this.lines.end();
    this.close();
  }

  private read(line: string): void {
    const place = PLACE.exec(line);
    const text = place ? line.slice(place[0].length) : line;
    const at = place?.[1] === ITSELF ? Number(place[2]) : null;
    const severity = SEVERITY.exec(text);
    if (severity && (place || !this.inStatement)) {
      this.begin({ line: at, sqlState: severity[2] ?? null, message: severity[3] ?? '', statement: '' });
      return;
    }
    const own = this.inStatement && !place ? null : OWN.exec(text);
    if (own) this.begin({ line: at, sqlState: null, message: own[1] ?? own[2] ?? '', statement: '' });
    else if (place && text.startsWith('STATEMENT:  ')) {
      this.inStatement = true;
      if (this.open) this.open.statement = text.slice('STATEMENT:  '.length);
    } else if (place && REMARK.test(text)) this.close();
    // Some of what psql complains of has no word before it that says so.
    else if (place) this.begin({ line: at, sqlState: null, message: text, statement: '' });
    else if (!this.open) return;
    else if (this.inStatement) {
      if (this.open.statement.length < STATEMENT_LENGTH) this.open.statement += `\n${text}`;
    } else if (/^(DETAIL|HINT): /.test(text)) this.open.message += `. ${text}`;
  }

  private begin(error: ScriptError): void {
    this.close();
    this.open = error;
  }

  private close(): void {
    const { open } = this;
    this.open = null;
    this.inStatement = false;
    if (open) this.onError({ ...open, message: withoutSecrets(open.message) });
  }
}

const STATEMENT_LENGTH = 2000;
