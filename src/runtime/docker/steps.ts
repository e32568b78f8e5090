import type { DatabaseSpec } from '../runtime.js';
import { RuntimeError } from '../runtime-error.js';
import type { Attempt, StepDeps } from './attempt.js';
import { awaitPostgres } from './await-postgres.js';
import type { Blueprint } from './blueprint.js';
import { hasStatus } from './engine/engine-error.js';
import { carries, type Labels } from './engine/label-filter.js';
import { tarOf } from './engine/tar.js';
import { InterruptedError } from './interrupted-error.js';
import { containerFilter, kindLabels, LABEL, volumeIdentity } from './labels.js';
import { orLater } from './load/or-later.js';
import { tidy } from './load/tidy.js';
import { hasOnly, misplacedVolume } from './mounts.js';
import { POOLER_FOLDER } from './pooler-config.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { settleRoles } from './settle-roles.js';
import type { StepKind } from './step.js';
import { stopPostgres } from './stop-postgres.js';
import { verifyLogin } from './verify-login.js';

/** Half of a database can be a lot to drop. */
const TIDYING_MS = 30_000;

type Execute = (deps: StepDeps, attempt: Attempt, signal: AbortSignal) => Promise<void>;

/** How each step is done. Each can be done again after it was broken off at any instant. */
export const EXECUTE: Record<StepKind, Execute> = {
  async 'ensure-postgres-image'({ images }, { postgres, onPercent }, signal) {
    await images.ensure(postgres.image, onPercent, signal);
  },

  async 'ensure-pooler-image'({ images }, { pooler, onPercent }, signal) {
    await images.ensure(pooler.image, onPercent, signal);
  },

  'ensure-network': ({ networks }, { spec }, signal) => networks.ensure(spec.org, signal),

  async 'remove-postgres'({ engine }, { containers, firstStart }, signal) {
    const id = containers.postgres;
    if (id === null) return;
    if (!firstStart) await stopPostgres(engine, id, signal);
    await engine.containers.remove(id, false, signal);
  },

  'remove-volume': ({ engine, names }, { spec }, signal) =>
    engine.volumes.remove(names.volume(spec.volumeId), signal),

  async 'create-volume'({ engine, names, prefix }, { spec }, signal) {
    const identity = volumeIdentity(prefix, spec.volumeId);
    const labels = {
      ...identity,
      [LABEL.database]: spec.id,
      [LABEL.org]: spec.org,
      [LABEL.app]: spec.app,
      [LABEL.name]: spec.name,
      [LABEL.version]: String(spec.engineVersion),
    };
    await createVolume({ engine }, names.volume(spec.volumeId), labels, identity, signal);
  },

  async 'create-postgres'({ engine, prefix }, { spec, postgres, containers }, signal) {
    const id = await createContainer({ engine, prefix }, postgres, spec, signal);
    const made = await engine.containers.inspect(id, signal);
    if (made && !hasOnly(made.mounts, postgres.mount)) {
      await engine.containers.remove(id, true, signal);
      throw misplacedVolume(postgres, made.mounts);
    }
    containers.postgres = id;
  },

  async 'unpause-postgres'({ engine }, { containers }, signal) {
    await engine.containers.unpause(idOf(containers.postgres), signal);
  },

  async 'start-postgres'({ engine }, { containers }, signal) {
    await engine.containers.start(idOf(containers.postgres), signal);
  },

  async 'await-postgres'({ engine, names }, { spec, containers, firstStart }, signal) {
    const network = names.network(spec.org);
    await awaitPostgres(engine, { containerId: idOf(containers.postgres), network, firstStart }, signal);
  },

  async 'settle-roles'(deps, { spec, containers, firstStart }, signal) {
    await settleRoles(deps.engine, idOf(containers.postgres), spec, signal);
    // A load may have died with PostgreSQL, and its marker may be gone from this host.
    if (firstStart) return;
    // Nobody waits longer for his database because of that.
    const soon = AbortSignal.any([signal, AbortSignal.timeout(TIDYING_MS)]);
    await orLater(deps.logger, () => tidy(deps, spec.id, soon), signal);
  },

  async 'remove-pooler'({ engine }, { containers }, signal) {
    if (containers.pooler === null) return;
    await engine.containers.stop(containers.pooler, POOLER_STOP_S, signal);
    await engine.containers.remove(containers.pooler, true, signal);
  },

  async 'create-pooler'({ engine, prefix }, { spec, pooler, containers }, signal) {
    const identity = { ...kindLabels(prefix, 'pooler-config'), [LABEL.database]: spec.id };
    await createVolume({ engine }, pooler.mount.volume, identity, identity, signal);
    containers.pooler = await createContainer({ engine, prefix }, pooler, spec, signal);
  },

  async 'write-pooler-files'({ engine, imageFacts }, { pooler, containers }, signal) {
    const id = idOf(containers.pooler);
    const owner = await imageFacts.postgresUser(id, pooler.image, signal);
    const files = Object.entries(pooler.files).map(([name, content]) => ({
      name,
      content,
      mode: 0o600,
      ...owner,
    }));
    await engine.containers.putArchive(id, POOLER_FOLDER, await tarOf(files), signal);
  },

  async 'unpause-pooler'({ engine }, { containers }, signal) {
    await engine.containers.unpause(idOf(containers.pooler), signal);
  },

  async 'start-pooler'({ engine }, { containers }, signal) {
    await engine.containers.start(idOf(containers.pooler), signal);
  },

  async 'verify-login'({ engine, names }, { spec, containers, firstStart }, signal) {
    await verifyLogin(
      engine,
      {
        postgresId: idOf(containers.postgres),
        poolerId: idOf(containers.pooler),
        network: names.network(spec.org),
        login: spec.login,
        firstStart,
      },
      signal,
    );
  },
};

/** The plan has a step that makes a container before those that use it. */
function idOf(id: string | null): string {
  if (id === null) throw new InterruptedError('A container that was there is gone');
  return id;
}

async function createVolume(
  { engine }: Pick<StepDeps, 'engine'>,
  name: string,
  labels: Labels,
  identity: Labels,
  signal: AbortSignal,
): Promise<void> {
  const volume = await engine.volumes.create(name, labels, signal);
  if (carries(volume.labels, identity)) return;
  throw new RuntimeError(
    'conflict',
    `There is a volume ${name} that paasdb did not make: it was left untouched`,
  );
}

async function createContainer(
  { engine, prefix }: Pick<StepDeps, 'engine' | 'prefix'>,
  { name, body }: Blueprint,
  spec: DatabaseSpec,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await engine.containers.create(name, body, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    const there = await engine.containers.inspect(name, signal);
    if (!there || carries(there.labels, containerFilter(prefix, spec.id))) {
      throw new InterruptedError(`Container ${name} was made or removed by somebody else`, { cause: error });
    }
    const message = `There is a container ${name} that paasdb did not make: it was left untouched`;
    throw new RuntimeError('conflict', message, { cause: error });
  }
}
