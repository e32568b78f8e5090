import { RuntimeError } from '../../runtime-error.js';
import { withDeadline } from '../engine/deadline.js';
import type { Execs } from '../engine/exec.js';
import { Queue } from '../engine/queue.js';

const ANSWER_MS = 10_000;

/**
 * PgBouncer's signals for PAUSE and RESUME. From inside its container: to Docker, any signal would be a reason not
 * to start it again after the host was. It resumes when stdin ends, which happens too when the daemon is killed,
 * and after a while in any case.
 */
const SCRIPT = 'kill -USR1 1 && echo paused && timeout 30 cat >/dev/null; kill -USR2 1 && echo resumed';

/** Lets queries through a pooler wait for as long as `work` takes. Clients notice nothing but the time. */
export async function whilePaused<T>(
  execs: Execs,
  poolerId: string,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const stdin = new Queue<Buffer>();
  const request = {
    containerId: poolerId,
    program: 'kill',
    argv: ['sh', '-c', SCRIPT],
    user: 'postgres',
    stdin,
  };
  const done: { value: T }[] = [];
  await execs.follow(
    request,
    async ({ stdout }) => {
      try {
        const output = stdout[Symbol.asyncIterator]();
        await printed(output, 'paused', signal);
        done.push({ value: await work() });
        stdin.close();
        await printed(output, 'resumed', signal);
      } finally {
        stdin.close();
      }
    },
    signal,
  );
  return (done[0] as { value: T }).value;
}

/** Resumes a pooler that somebody may have left paused. */
export async function resumePooler(execs: Execs, poolerId: string, signal: AbortSignal): Promise<void> {
  const argv = ['sh', '-c', 'kill -USR2 1'];
  const request = { containerId: poolerId, program: 'kill', argv, user: 'postgres', stdin: '' };
  await execs.run({ ...request, deadlineMs: ANSWER_MS }, signal);
}

function printed(output: AsyncIterator<Buffer>, word: string, signal: AbortSignal): Promise<void> {
  return withDeadline(ANSWER_MS, signal, async () => {
    for (let text = ''; !text.includes(word);) {
      const next = await output.next();
      if (next.done === true) throw new RuntimeError('unavailable', `The pooler was not ${word}`);
      text += next.value.toString();
    }
  });
}
