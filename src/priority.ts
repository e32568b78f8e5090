import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Nine times the share of a process that is not nice at all. */
const NICENESS = -10;

/**
 * Asks for more processor time than the databases that are being made: they fill every core for a second,
 * and the API is to answer meanwhile. Where it is not allowed, the daemon goes on as it is. In a container it
 * is the weight of the container that counts instead.
 *
 * To be called before anything makes a thread; threads inherit it.
 *
 * @returns whether it was allowed
 */
export function raisePriority(): boolean {
  try {
    setPriority(NICENESS);
    // Without systemd Linux weighs sessions against each other first, and processes only within theirs:
    // https://man7.org/linux/man-pages/man7/sched.7.html
    writeFileSync('/proc/self/autogroup', String(NICENESS));
    return true;
  } catch {
    return false;
  }
}
