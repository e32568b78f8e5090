import { addressOf, type Address } from './address.js';
import { sleep } from './engine/deadline.js';
import type { Container } from './engine/container.js';
import type { Engine } from './engine/engine.js';
import { POSTGRES_PORT } from './pooler-config.js';
import { InterruptedError } from './interrupted-error.js';
import { startFailure } from './start-failure.js';
import { probeStartup } from './startup-probe.js';

const POLL_MS = 50;
/** The state of the container is looked at less often: it costs the engine more than a connection does. */
const INSPECT_MS = 1_000;
const PROBE_TIMEOUT_MS = 2_000;
/** How long nothing may answer. Recovery says that it is at work, and may take as long as it needs. */
const SILENCE_MS = 120_000;

/**
 * Resolves when PostgreSQL answers over TCP, where the temporary server of the initialisation never listens.
 * Rejects with `start_failed` when it does not answer, and with an InterruptedError when it stopped, which
 * somebody may have asked it to, or during a first start: what is left then looks like a database and is none.
 */
export async function awaitPostgres(
  engine: Engine,
  { containerId, network, firstStart }: { containerId: string; network: string; firstStart: boolean },
  signal: AbortSignal,
): Promise<Address> {
  const look = async (): Promise<Container> => {
    const container = await engine.containers.inspect(containerId, signal);
    if (!container) throw new InterruptedError('The PostgreSQL container was removed');
    if (container.status === 'paused') throw new InterruptedError('The PostgreSQL container was paused');
    if (container.status !== 'running' || (firstStart && container.hasStopped)) {
      const cause = await startFailure(engine, 'PostgreSQL', container, signal);
      throw new InterruptedError('PostgreSQL stopped while it started', { cause });
    }
    return container;
  };

  let container = await look();
  let lookedAt = performance.now();
  let lastSign = performance.now();
  for (;;) {
    const address = addressOf(container, network, POSTGRES_PORT);
    if (!address) throw new InterruptedError('The PostgreSQL container was taken off its network');
    const state = await probeStartup(address, PROBE_TIMEOUT_MS);
    if (state === 'ready') {
      const now = await look();
      if (addressOf(now, network, POSTGRES_PORT)?.host === address.host) return address;
    }
    if (state === 'starting') lastSign = performance.now();
    if (performance.now() - lastSign > SILENCE_MS)
      throw await startFailure(engine, 'PostgreSQL', container, signal);
    if (performance.now() - lookedAt > INSPECT_MS) {
      container = await look();
      lookedAt = performance.now();
    }
    await sleep(POLL_MS, signal);
  }
}
