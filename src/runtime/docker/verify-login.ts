import type { LoginSpec } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
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

/** A container to log in to, as it was found. */
interface Door {
  what: string;
  containerId: string;
  address: Address;
  startedAt: Date;
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
  const find = (what: string, containerId: string, port: number) =>
    findDoor(engine, { what, containerId, network, port }, signal);
  const [postgres, pooler] = await Promise.all([
    find('PostgreSQL', postgresId, POSTGRES_PORT),
    find('The pooler', poolerId, POOLER_PORT),
  ]);
  const refused = firstStart ? refusesWrongPassword(postgres.address, login) : Promise.resolve();
  const [outcome] = await Promise.all([untilLogin(engine, [postgres], login, signal), refused]);
  // PostgreSQL may stop meanwhile, and then its pooler lets nobody in.
  if (outcome === 'works') await untilLogin(engine, [pooler, postgres], login, signal);
}

async function findDoor(
  engine: Engine,
  { what, containerId, network, port }: { what: string; containerId: string; network: string; port: number },
  signal: AbortSignal,
): Promise<Door> {
  const container = await engine.containers.inspect(containerId, signal);
  if (!container) throw new InterruptedError(`${what} was removed`);
  if (container.status !== 'running') {
    const cause = await startFailure(engine, what, container, signal);
    throw new InterruptedError(`${what} stopped before a login was tried`, { cause });
  }
  const address = addressOf(container, network, port);
  if (!address) throw new InterruptedError(`${what} was taken off its network`);
  return { what, containerId, address, startedAt: container.startedAt };
}

/** Logs in at the first door, as long as what stands behind all of them runs without a break. */
async function untilLogin(
  engine: Engine,
  doors: readonly [Door, ...Door[]],
  login: LoginSpec,
  signal: AbortSignal,
): Promise<'works' | 'busy'> {
  const [{ what, address }] = doors;
  const since = performance.now();
  for (;;) {
    const { outcome, message } = await tryLogin(address, login, ATTEMPT_MS);
    if (outcome === 'works' || outcome === 'busy') return outcome;
    const failure = new RuntimeError('start_failed', `${what} did not accept the login: ${message}`);
    if (outcome === 'refused') throw failure;
    for (const door of doors) await requireUnbroken(engine, door, signal);
    if (performance.now() - since > DEADLINE_MS) throw failure;
    await sleep(POLL_MS, signal);
  }
}

/** Docker starts again what crashed, perhaps at another address. */
async function requireUnbroken(
  engine: Engine,
  { what, containerId, startedAt }: Door,
  signal: AbortSignal,
): Promise<void> {
  const container = await engine.containers.inspect(containerId, signal);
  if (container?.status === 'running' && container.startedAt.getTime() === startedAt.getTime()) return;
  throw new InterruptedError(`${what} stopped before a login worked`);
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
