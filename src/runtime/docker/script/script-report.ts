import type { Skipped } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { NO_SPACE } from '../sql/sql-error.js';
import { judgeScript, withoutComments } from './judge-script.js';
import type { ScriptError } from './script-messages.js';

const TOLD = 3;
const SKIPPED_KINDS = 100;

/** Gathers what was wrong with a script, in bounded memory, however much it was. */
export class ScriptReport {
  private readonly skippedCounts = new Map<string, { skipped: Skipped; count: number }>();
  private moreKinds = 0;
  private readonly told: string[] = [];
  private refused = 0;
  private lacksTable = false;
  private worst: 'full' | 'lost' | 'left' | null = null;

  /** What was said of it, whatever it means; `null` before there is one. */
  lastError: string | null = null;

  add(error: ScriptError): void {
    // Without its statement, which may have a password of elsewhere in it.
    this.lastError = describe({ ...error, statement: '' });
    const judged = judgeScript(error);
    if (judged.verdict === 'harmless') return;
    if (judged.verdict === 'skipped') {
      this.skip(judged.skipped);
      return;
    }
    // After the first of these, the rest are its consequences.
    if (judged.verdict !== 'refused') this.worst ??= judged.verdict;
    if (this.refused === 0) this.lacksTable = lacksTable(error);
    this.refused += 1;
    if (this.told.length < TOLD) this.told.push(describe(error));
  }

  get skipped(): Skipped[] {
    const all = [...this.skippedCounts.values()].map(({ skipped: { what, reason }, count }) => ({
      what: count === 1 ? what : `${what} (${count})`,
      reason,
    }));
    if (this.moreKinds > 0) all.push({ what: `${this.moreKinds} more`, reason: 'of several kinds' });
    return all;
  }

  /** What to say when something is missing; `null` otherwise. */
  failure(): RuntimeError | null {
    if (this.refused === 0) return null;
    const more = this.refused > TOLD ? ` … and ${this.refused - TOLD} more errors` : '';
    const said = `${this.told.join(' | ')}${more}`;
    if (this.worst === 'full') return new RuntimeError('no_space', `${NO_SPACE} (${said})`);
    if (this.worst === 'lost') {
      return new RuntimeError('unavailable', `PostgreSQL was lost while it was loaded: ${said}`);
    }
    if (this.worst === 'left') {
      const message = `The script connects to another database, and may not: dump it anew without --create (${said})`;
      return new RuntimeError('load_failed', message);
    }
    const extensions = [...this.skippedCounts.keys()].filter((what) => what.startsWith('extension '));
    if (this.lacksTable && extensions.length === 0) {
      const message = `The script has rows for a table that there is not: load a dump that makes its tables, without --data-only (${said})`;
      return new RuntimeError('load_failed', message);
    }
    const hint =
      extensions.length === 0
        ? ''
        : `. Left out was the ${extensions.join(', ')}, which what failed may need`;
    return new RuntimeError('load_failed', `PostgreSQL refused a part of it: ${said}${hint}`);
  }

  private skip(skipped: Skipped): void {
    const known = this.skippedCounts.get(skipped.what);
    if (known) known.count += 1;
    else if (this.skippedCounts.size < SKIPPED_KINDS)
      this.skippedCounts.set(skipped.what, { skipped, count: 1 });
    else this.moreKinds += 1;
  }
}

/** Rows for a table that there is not, or whose schema there is not. Those of a COPY are then taken for statements. */
function lacksTable({ sqlState, statement }: ScriptError): boolean {
  return (
    ['42P01', '3F000'].includes(sqlState ?? '') && /^(COPY|INSERT\s+INTO)\s/i.test(withoutComments(statement))
  );
}

const STATEMENT_LENGTH = 120;
const SYNTAX_ERROR = '42601';

/** Without rows: those of a COPY that failed are taken for statements, and begin with a syntax error. */
function describe({ line, sqlState, message, statement }: ScriptError): string {
  const shown =
    sqlState === SYNTAX_ERROR ? '' : statement.replace(/\b(VALUES|OPTIONS|PASSWORD)\b.*/is, '$1 …');
  const short = shown.trim().replaceAll(/\s+/g, ' ').slice(0, STATEMENT_LENGTH);
  return `${line === null ? '' : `line ${line}: `}${message}${short === '' ? '' : ` (${short})`}`;
}
