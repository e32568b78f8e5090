import { RuntimeError } from '../runtime-error.js';
import type { Container } from './engine/container.js';
import type { Engine } from './engine/engine.js';
import { withoutSecrets } from './without-secrets.js';

const TELLING = /FATAL|PANIC|ERROR|error:|initdb:|No space left|not permitted|denied/i;

/** A RuntimeError for a container that did not come up, with what its log has to say. */
export async function startFailure(
  engine: Engine,
  what: string,
  container: Container,
  signal: AbortSignal,
): Promise<RuntimeError> {
  const lines = await engine.logs.tail(container.id, 40, signal).catch((): string[] => []);
  const log = tellingLines(lines).join(' | ');
  if (/no space left on device/i.test(log)) {
    return new RuntimeError(
      'no_space',
      `The disk of the Docker host is full: ${what} did not start (${log})`,
    );
  }
  const reason = container.outOfMemory
    ? `it ran out of memory`
    : container.status === 'running'
      ? 'it does not accept connections'
      : `it exited with code ${container.exitCode}`;
  const said = log === '' ? 'It wrote nothing to its log' : `The end of its log: ${log}`;
  return new RuntimeError('start_failed', `${what} did not start: ${reason}. ${said}`);
}

/** The last lines that say what went wrong, else just the last. Verifiers are taken out. */
export function tellingLines(lines: readonly string[]): string[] {
  const telling = lines.filter((line) => TELLING.test(line));
  return (telling.length > 0 ? telling.slice(-5) : lines.slice(-5)).map((line) =>
    withoutSecrets(line.trim()),
  );
}
