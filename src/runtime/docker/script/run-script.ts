import type { Skipped } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Execs, RunningProgram } from '../engine/exec.js';
import { TextTail } from '../engine/text-tail.js';
import type { Connection } from '../sql/connection.js';
import type { PlacedScript } from './place-script.js';
import { judgeScriptEnd } from './script-end.js';
import { ScriptMessages } from './script-messages.js';
import { ScriptReport } from './script-report.js';

/**
 * Not ON_ERROR_STOP: what may be left out is told from the rest by its error. Inside of a transaction it would take
 * all the rest with it, so psql makes a savepoint before each statement.
 */
const PSQL = [
  'psql',
  '-X',
  '-q',
  '-w',
  '--echo-errors',
  ...['-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never', '-v', 'ON_ERROR_ROLLBACK=on'],
  ...['-o', '/dev/null', '-f', '-'],
];

/**
 * Runs a program on a file, and prints each second how far it has read, and at the end its exit code: a connection that
 * is cut ends like one that is complete. What sleeps then holds none of the outputs open.
 */
const SCRIPT = `
file=$1
shift
"$@" <"$file" &
program=$!
while sed -n 's/^pos:[[:space:]]*/at /p' "/proc/$program/fdinfo/0" && sleep 1 >/dev/null; do :; done 2>/dev/null &
watch=$!
wait "$program"
code=$?
kill "$watch"
echo "ended $code"
`;

export interface ScriptJob {
  script: PlacedScript;
  connection: Connection;
  /** Of its bytes. */
  onProgress: (done: number, total: number) => void;
}

/**
 * Has psql run a script that somebody wrote. Rejects unless it came to its end and nothing is missing but what it
 * returns.
 */
export async function runScript(
  execs: Execs,
  { script, connection, onProgress }: ScriptJob,
  signal: AbortSignal,
): Promise<Skipped[]> {
  const { containerId, path, mark, sizeBytes } = script;
  const report = new ScriptReport();
  const failed = new AbortController();
  const messages = new ScriptMessages((error) => {
    report.add(error);
    // One is enough, and what follows is mostly its consequences. The first few are told all the same.
    if (report.failure()) setTimeout(() => failed.abort(), AFTERMATH_MS).unref();
  });
  const request = {
    containerId,
    program: 'psql',
    argv: ['sh', '-c', SCRIPT, 'sh', path, ...PSQL],
    env: connection,
    user: 'postgres',
    stdin: '',
    onStderr: (chunk: Buffer) => messages.add(chunk),
  };
  const run = async ({ stdout }: RunningProgram) => {
    const tail = new TextTail(1024);
    for await (const chunk of stdout) {
      tail.add(chunk);
      for (const [, at] of chunk.toString().matchAll(POSITION)) {
        onProgress(Math.min(Number(at), sizeBytes), sizeBytes);
      }
    }
    const printed = String(tail).replaceAll(POSITION, '');
    const [end, exitCode] = /ended (\d+)\n$/.exec(printed) ?? [];
    if (end !== undefined) return { printed: printed.slice(0, -end.length), exitCode: Number(exitCode) };
    throw new RuntimeError(
      'unavailable',
      'psql was stopped, or the connection to Docker lost, before the script was through',
    );
  };
  const wrong = (exitCode: number | null, printed: string) => {
    const [, uncommitted, rollback = ''] = new RegExp(`${mark} ([tf]) (.*)\n$`).exec(printed) ?? [];
    return judgeScriptEnd({
      exitCode,
      cameThrough: uncommitted !== undefined,
      uncommitted: uncommitted === 't',
      keepsTransactions: IS_ON.test(rollback),
      lastError: report.lastError,
      failure: report.failure(),
    });
  };
  const bounded = AbortSignal.any([signal, failed.signal]);
  const ended = await execs.follow(request, run, bounded).catch((error: unknown) => {
    messages.end();
    throw (!signal.aborted && wrong(null, '')) || error;
  });
  messages.end();
  const reason = wrong(ended.exitCode, ended.printed);
  if (reason) throw reason;
  return report.skipped;
}

/** As psql reads a variable. */
const IS_ON = /^(on|t|tr|tru|true|y|ye|yes|1)$/i;
const AFTERMATH_MS = 500;
const POSITION = /^at (\d+)\n/gm;
