import { backoffMs } from '../../domain/backoff.js';
import type { Logger } from '../../domain/logger.js';
import type { Engine } from './engine/engine.js';
import type { EngineEvent } from './engine/events.js';
import { LABEL } from './labels.js';

const FILTERS = {
  type: ['container', 'network', 'volume'],
  event: ['die', 'oom', 'pause', 'unpause', 'stop', 'start', 'destroy', 'disconnect', 'remove'],
};

/**
 * Calls `onHint` after events that concern us and after each connection, for what was missed without one.
 * Resolves when aborted; a broken connection is made again.
 *
 * @param ownName whether a network or a volume of this name may be ours: their events carry no labels
 */
export async function watchEngine(
  {
    engine,
    prefix,
    ownName,
    logger,
  }: {
    engine: Engine;
    prefix: string;
    ownName: (name: string) => boolean;
    logger: Pick<Logger, 'debug'>;
  },
  onHint: () => void,
  signal: AbortSignal,
): Promise<void> {
  const concernsUs = ({ type, id, attributes }: EngineEvent) =>
    type === 'container' ? attributes[LABEL.prefix] === prefix : ownName(attributes['name'] ?? id);
  const follower = {
    onOpen: onHint,
    onEvent: (event: EngineEvent) => {
      if (concernsUs(event)) onHint();
    },
  };
  let failures = 0;
  while (!signal.aborted) {
    const openedAt = performance.now();
    try {
      await engine.events.follow(FILTERS, follower, signal);
      logger.debug({}, 'Docker closed the connection for its events');
    } catch (error) {
      logger.debug({ err: error }, "Docker's events cannot be followed");
    }
    failures = performance.now() - openedAt > 60_000 ? 1 : failures + 1;
    await pause(backoffMs(failures), signal);
  }
}

/** A pause that does not keep the process alive. Never rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    timer.unref();
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
