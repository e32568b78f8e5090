import type { DatabaseSpec } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
import { addressOf, type Address } from './address.js';
import type { StepDeps } from './attempt.js';
import type { Container } from './engine/container.js';
import { kindLabels, LABEL } from './labels.js';
import { POSTGRES_PORT } from './pooler-config.js';

/** The PostgreSQL of a database, and where it answers. */
export interface Server {
  container: Container;
  address: Address;
}

/** Rejects with `not_running` unless it runs. */
export async function findServer(
  { engine, prefix, names }: Pick<StepDeps, 'engine' | 'prefix' | 'names'>,
  spec: DatabaseSpec,
  signal: AbortSignal,
): Promise<Server> {
  const labels = { ...kindLabels(prefix, 'postgres'), [LABEL.database]: spec.id };
  const name = names.postgres(spec.id);
  const listed = (await engine.containers.list(labels, signal)).find((container) => container.name === name);
  const container = listed ? await engine.containers.inspect(listed.id, signal) : null;
  if (container?.status !== 'running') {
    const state = container?.status ?? 'missing';
    throw new RuntimeError(
      'not_running',
      `Container ${name} is ${state}: restart the database, then try again`,
    );
  }
  const address = addressOf(container, names.network(spec.org), POSTGRES_PORT);
  if (!address) {
    const message = `Container ${name} is not in network ${names.network(spec.org)}: restart the database, then try again`;
    throw new RuntimeError('not_running', message);
  }
  return { container, address };
}
