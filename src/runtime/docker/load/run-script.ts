import { generateId } from '../../../secrets/random.js';
import { RuntimeError, type OpenBytes, type Skipped } from '../../runtime.js';
import { TextTail } from '../engine/text-tail.js';
import type { Execs, RunningProgram } from '../engine/exec.js';
import type { Connection } from '../sql/connection.js';
import { judgeScriptEnd } from './script-end.js';
import { TAIL_BYTES } from './script-head.js';
import { ScriptMessages } from './script-messages.js';
import { ScriptReport } from './script-report.js';

/**
 * Not ON_ERROR_STOP: what may be left out is told from the rest by its error. Inside of a transaction it would take
 * all the rest with it, so psql makes a savepoint before each statement.
 */
const ARGV = [
  'psql',
  '-X',
  '-q',
  '-w',
  '--echo-errors',
  ...['-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never', '-v', 'ON_ERROR_ROLLBACK=on'],
  ...['-o', '/dev/null', '-f', '-'],
];

/** Ends the last statement, and asks whether there is a transaction that has changed something and would be lost. */
const UNCOMMITTED = `
;
SELECT pg_catalog.txid_current_if_assigned() IS NOT NULL AS uncommitted \\gset
`;

export interface ScriptJob {
  containerId: string;
  connection: Connection;
  open: OpenBytes;
  sizeBytes: number;
  /** It has to end as a dump of pg_dump does. */
  isDump: boolean;
  onProgress: (done: number, total: number) => void;
}

/**
 * Has psql run a script that somebody wrote. Rejects unless it came to its end and nothing is missing but what it
 * returns.
 */
export async function runScript(execs: Execs, job: ScriptJob, signal: AbortSignal): Promise<Skipped[]> {
  const { containerId, connection, open, sizeBytes, isDump, onProgress } = job;
  const report = new ScriptReport();
  const failed = new AbortController();
  const messages = new ScriptMessages((error) => {
    report.add(error);
    // One is enough, and what follows is mostly its consequences. The first few are told all the same.
    if (report.failure()) setTimeout(() => failed.abort(), AFTERMATH_MS).unref();
  });
  const end = new TextTail(TAIL_BYTES);
  // Printed by psql behind all that came before, unless it takes that for a part of something unfinished.
  const mark = `paasdb-${generateId()}`;
  const cameThrough = (printed: string, uncommitted: 't' | 'f') =>
    printed.endsWith(`${mark} ${uncommitted}\n`);
  const sent = { all: false };
  async function* pieces() {
    let done = 0;
    for await (const piece of open()) {
      end.add(piece);
      yield piece;
      done += piece.length;
      onProgress(Math.min(done, sizeBytes), sizeBytes);
    }
    sent.all = true;
    yield Buffer.from(`${UNCOMMITTED}\\echo ${mark} :uncommitted\n`);
  }
  const request = {
    containerId,
    argv: ARGV,
    env: connection,
    user: 'postgres',
    stdin: pieces(),
    onStderr: (chunk: Buffer) => messages.add(chunk),
  };
  const run = async ({ stdout, exit }: RunningProgram) => {
    const tail = new TextTail(1024);
    for await (const chunk of stdout) tail.add(chunk);
    return { ...(await exit()), printed: String(tail) };
  };
  const wrong = (exitCode: number | null, printed: string) =>
    judgeScriptEnd({
      sentAll: sent.all,
      isDump,
      tail: String(end),
      exitCode,
      cameThrough: cameThrough(printed, 'f') || cameThrough(printed, 't'),
      uncommitted: cameThrough(printed, 't'),
      failure: report.failure(),
    });
  const bounded = AbortSignal.any([signal, failed.signal]);
  const ended = await execs.follow(request, run, bounded).catch((error: unknown) => {
    messages.end();
    throw (!signal.aborted && wrong(null, '')) || error;
  });
  messages.end();
  const reason = wrong(ended.exitCode, ended.printed);
  if (reason) throw reason;
  if (!sent.all)
    throw new RuntimeError('unavailable', 'The connection to Docker was lost before the script was through');
  return report.skipped;
}

const AFTERMATH_MS = 500;
