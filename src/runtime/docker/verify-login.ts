import { RuntimeError, type LoginSpec } from '../runtime.js';
import type { Engine } from './engine/engine.js';
import { sleep } from './engine/deadline.js';
import { addressOf, type Address } from './address.js';
import { tryLogin } from './login.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';
import { InterruptedError } from './interrupted-error.js';
import { startFailure } from './start-failure.js';

const ATTEMPT_MS = 5_000;
const POLL_MS = 30;
/** A pooler starts in milliseconds; longer than this it has a fault. */
const DEADLINE_MS = 30_000;

/** Resolves once the login has worked both ways, and after an initialisation a wrong password has not. */
export async function verifyLogin(
  engine: Engine,
  {
    postgresId,
    poolerId,
    network,
    login,
    firstStart,
  }: {
    postgresId: string;
    poolerId: string;
    network: string;
    login: LoginSpec;
    firstStart: boolean;
  },
  signal: AbortSignal,
): Promise<void> {
  const direct = await addressIn(engine, postgresId, network, POSTGRES_PORT, 'PostgreSQL', signal);
  await Promise.all([
    untilLogin(direct, 'PostgreSQL', engine, postgresId, login, signal),
    addressIn(engine, poolerId, network, POOLER_PORT, 'The pooler', signal).then((pooled) =>
      untilLogin(pooled, 'The pooler', engine, poolerId, login, signal),
    ),
    firstStart && refusesWrongPassword(direct, login),
  ]);
}

async function addressIn(
  engine: Engine,
  id: string,
  network: string,
  port: number,
  what: string,
  signal: AbortSignal,
): Promise<Address> {
  const container = await engine.containers.inspect(id, signal);
  if (!container) throw new InterruptedError(`${what} was removed`);
  if (container.status !== 'running') throw await startFailure(engine, what, container, signal);
  const address = addressOf(container, network, port);
  if (!address) throw new InterruptedError(`${what} was taken off its network`);
  return address;
}

async function untilLogin(
  address: Address,
  what: string,
  engine: Engine,
  containerId: string,
  login: LoginSpec,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const { outcome, message } = await tryLogin(address, login, ATTEMPT_MS);
    if (outcome === 'works' || outcome === 'busy') return;
    if (outcome === 'refused' || performance.now() - startedAt > DEADLINE_MS) {
      throw new RuntimeError('start_failed', `${what} did not accept the login: ${message}`);
    }
    const container = await engine.containers.inspect(containerId, signal);
    if (container?.status !== 'running') throw new InterruptedError(`${what} stopped before a login worked`);
    await sleep(POLL_MS, signal);
  }
}

async function refusesWrongPassword(address: Address, login: LoginSpec): Promise<void> {
  const { outcome } = await tryLogin(address, { role: login.role, password: 'x' }, ATTEMPT_MS);
  if (outcome === 'works') {
    throw new RuntimeError(
      'start_failed',
      'PostgreSQL accepts any password: its pg_hba.conf trusts everybody',
    );
  }
}
