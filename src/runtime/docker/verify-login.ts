import { RuntimeError, type LoginSpec } from '../runtime.js';
import { addressOf, type Address } from './address.js';
import { sleep } from './engine/deadline.js';
import type { Engine } from './engine/engine.js';
import { InterruptedError } from './interrupted-error.js';
import { tryLogin } from './login.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';
import { startFailure } from './start-failure.js';

const ATTEMPT_MS = 5_000;
const POLL_MS = 30;
/** A pooler starts in milliseconds; longer than this it has a fault. */
const DEADLINE_MS = 30_000;

/** A container to log in to. */
interface Door {
  what: string;
  containerId: string;
  network: string;
  port: number;
}

/**
 * Resolves once the login has worked both ways, and after an initialisation a wrong password has not. A server
 * without a connection to spare is up; whether its pooler gets one is not for us to wait for.
 */
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
  const postgres = { what: 'PostgreSQL', containerId: postgresId, network, port: POSTGRES_PORT };
  const pooler = { what: 'The pooler', containerId: poolerId, network, port: POOLER_PORT };
  const [direct, pooled] = await Promise.all([
    addressIn(engine, postgres, signal),
    addressIn(engine, pooler, signal),
  ]);
  const refused = firstStart ? refusesWrongPassword(direct, login) : Promise.resolve();
  const [outcome] = await Promise.all([
    untilLogin(engine, { address: direct, login, doors: [postgres] }, signal),
    refused,
  ]);
  // PostgreSQL may stop meanwhile, and then its pooler lets nobody in.
  if (outcome === 'works') {
    await untilLogin(engine, { address: pooled, login, doors: [pooler, postgres] }, signal);
  }
}

async function addressIn(
  engine: Engine,
  { what, containerId, network, port }: Door,
  signal: AbortSignal,
): Promise<Address> {
  const container = await engine.containers.inspect(containerId, signal);
  if (!container) throw new InterruptedError(`${what} was removed`);
  if (container.status !== 'running') {
    const cause = await startFailure(engine, what, container, signal);
    throw new InterruptedError(`${what} stopped before a login was tried`, { cause });
  }
  const address = addressOf(container, network, port);
  if (!address) throw new InterruptedError(`${what} was taken off its network`);
  return address;
}

/** Logs in at the first door for as long as what stands behind all of them runs. */
async function untilLogin(
  engine: Engine,
  { address, login, doors }: { address: Address; login: LoginSpec; doors: readonly [Door, ...Door[]] },
  signal: AbortSignal,
): Promise<'works' | 'busy'> {
  const startedAt = performance.now();
  for (;;) {
    const { outcome, message } = await tryLogin(address, login, ATTEMPT_MS);
    if (outcome === 'works' || outcome === 'busy') return outcome;
    if (outcome === 'refused' || performance.now() - startedAt > DEADLINE_MS) {
      throw new RuntimeError('start_failed', `${doors[0].what} did not accept the login: ${message}`);
    }
    for (const { what, containerId } of doors) {
      const container = await engine.containers.inspect(containerId, signal);
      if (container?.status !== 'running') {
        throw new InterruptedError(`${what} stopped before a login worked`);
      }
    }
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
