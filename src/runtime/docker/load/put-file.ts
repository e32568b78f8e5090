import { RuntimeError, type OpenBytes } from '../../runtime.js';
import type { Execs } from '../engine/exec.js';
import { StallWatch } from '../dump/stall-watch.js';

const STALL_MS = 5 * 60_000;
const SMALL_MS = 30_000;

/** Nothing of ours is for others in the container. The size is of what is there, not of what was read. */
const SCRIPT = 'umask 077 && cat > "$1" && wc -c < "$1"';

/**
 * Copies bytes into a file of a container. A connection that is cut looks to the program like the end, so the
 * file has to be as long as what was sent.
 */
export async function putFile(
  execs: Execs,
  { containerId, path, open }: { containerId: string; path: string; open: OpenBytes },
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const give = (message: string) => () => stop.abort(new RuntimeError('unavailable', message));
  const seconds = STALL_MS / 1000;
  const arriving = new StallWatch(STALL_MS, give(`Nothing of what is to be loaded came within ${seconds} s`));
  const sent = { bytes: 0 };
  async function* pieces() {
    for await (const piece of arriving.over(open())) {
      sent.bytes += piece.length;
      const timer = setTimeout(
        give(`The Docker host took nothing within ${seconds} s: is its disk stuck?`),
        STALL_MS,
      );
      try {
        yield piece;
      } finally {
        clearTimeout(timer);
      }
    }
  }
  const request = {
    containerId,
    program: 'cat',
    argv: ['sh', '-c', SCRIPT, 'sh', path],
    user: 'postgres',
    stdin: pieces(),
  };
  try {
    await execs.follow(
      request,
      async ({ stdout, exit }) => {
        let printed = '';
        for await (const chunk of stdout) printed += chunk.toString();
        const { exitCode, stderr } = await exit();
        if (exitCode === 0 && Number(printed.trim()) === sent.bytes) return;
        throw failure(stderr.trim() || `${printed.trim() || 'nothing'} of ${sent.bytes} bytes came`);
      },
      AbortSignal.any([signal, stop.signal]),
    );
  } catch (error) {
    if (stop.signal.aborted && !signal.aborted) throw stop.signal.reason;
    throw error;
  }
}

/** Puts a short text, which may be secret, into a file of a container. */
export async function putText(
  execs: Execs,
  { containerId, path, text }: { containerId: string; path: string; text: string },
  signal: AbortSignal,
): Promise<void> {
  const argv = ['sh', '-c', SCRIPT, 'sh', path];
  const request = { containerId, program: 'cat', argv, user: 'postgres', stdin: text, deadlineMs: SMALL_MS };
  const { exitCode, stdout, stderr } = await execs.run(request, signal);
  if (exitCode === 0 && Number(stdout.trim()) === Buffer.byteLength(text)) return;
  throw failure(stderr.trim() || 'it came in part');
}

function failure(said: string): RuntimeError {
  if (/no space left on device/i.test(said)) {
    const message = `The disk of the Docker host is full: make room, then try again (${said})`;
    return new RuntimeError('no_space', message);
  }
  return new RuntimeError('unavailable', `Copying into a container failed: ${said}`);
}
