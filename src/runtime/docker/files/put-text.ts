import { RuntimeError } from '../../runtime-error.js';
import type { Execs } from '../engine/exec.js';

const DEADLINE_MS = 30_000;

/** Nothing of ours is for others in the container. The size is of what is there, not of what was read. */
const SCRIPT = 'umask 077 && cat > "$1" && wc -c < "$1"';

/**
 * Puts a short text, which may be secret, into a file of a container, in memory too. A connection that is cut looks to
 * the program like the end, so the file has to be as long as what was sent.
 */
export async function putText(
  execs: Execs,
  { containerId, path, text }: { containerId: string; path: string; text: string },
  signal: AbortSignal,
): Promise<void> {
  const argv = ['sh', '-c', SCRIPT, 'sh', path];
  const request = {
    containerId,
    program: 'cat',
    argv,
    user: 'postgres',
    stdin: text,
    deadlineMs: DEADLINE_MS,
  };
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
