import { RuntimeError } from '../runtime.js';
import { awaitPostgres } from './await-postgres.js';
import { foreignMounts, misplacedVolume } from './assert-mounts.js';
import type { Attempt, StepDeps } from './attempt.js';
import { dataLayout } from './data-layout.js';
import { tarOf } from './engine/archive.js';
import { hasStatus } from './engine/engine-error.js';
import { carries, type Labels } from './engine/label-filter.js';
import { kindLabels, LABEL, volumeIdentity } from './labels.js';
import { POOLER_FOLDER } from './pooler-config.js';
import { POOLER_STOP_S } from './pooler-container.js';
import { POSTGRES_STOP_S } from './postgres-container.js';
import { settleRoles } from './settle-roles.js';
import { InterruptedError } from './start-failure.js';
import type { StepKind } from './step.js';
import { verifyLogin } from './verify-login.js';

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

  async 'remove-postgres'({ engine }, { containers }, signal) {
    if (containers.postgres === null) return;
    await engine.containers.stop(containers.postgres, POSTGRES_STOP_S, signal);
    await engine.containers.remove(containers.postgres, false, signal);
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

  async 'create-postgres'({ engine }, { postgres, containers }, signal) {
    containers.postgres = await createContainer({ engine }, postgres.name, postgres.body, signal);
  },

  async 'unpause-postgres'({ engine }, { containers }, signal) {
    await engine.containers.unpause(idOf(containers.postgres), signal);
  },

  async 'start-postgres'({ engine, names }, { spec, postgres, containers }, signal) {
    const id = idOf(containers.postgres);
    await engine.containers.start(id, signal);
    const path = dataLayout(spec.engineVersion).mountPath;
    const container = await engine.containers.inspect(id, signal);
    const foreign = container ? foreignMounts(container, { volume: names.volume(spec.volumeId), path }) : [];
    if (foreign.length === 0) return;
    await engine.containers.stop(id, POSTGRES_STOP_S, signal);
    await engine.containers.remove(id, true, signal);
    throw misplacedVolume(postgres.image, foreign, path);
  },

  async 'await-postgres'({ engine, names }, { spec, containers, firstStart }, signal) {
    const network = names.network(spec.org);
    await awaitPostgres(engine, { containerId: idOf(containers.postgres), network, firstStart }, signal);
  },

  async 'settle-roles'({ engine }, { spec, containers }, signal) {
    await settleRoles(engine, idOf(containers.postgres), spec, signal);
  },

  async 'remove-pooler'({ engine }, { containers }, signal) {
    if (containers.pooler === null) return;
    await engine.containers.stop(containers.pooler, POOLER_STOP_S, signal);
    await engine.containers.remove(containers.pooler, false, signal);
  },

  async 'create-pooler'({ engine, prefix }, { spec, pooler, containers }, signal) {
    const identity = { ...kindLabels(prefix, 'pooler-config'), [LABEL.database]: spec.id };
    await createVolume({ engine }, pooler.volume, identity, identity, signal);
    containers.pooler = await createContainer({ engine }, pooler.name, pooler.body, signal);
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

  async 'verify-login'({ engine, names }, { spec, containers }, signal) {
    await verifyLogin(
      engine,
      {
        postgresId: idOf(containers.postgres),
        poolerId: idOf(containers.pooler),
        network: names.network(spec.org),
        login: spec.login,
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
  { engine }: Pick<StepDeps, 'engine'>,
  name: string,
  body: object,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await engine.containers.create(name, body, signal);
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    // Ours would have been seen by its labels, unless it was made since.
    const message = `There is a container ${name} that paasdb did not make: it was left untouched`;
    throw new RuntimeError('conflict', message, { cause: error });
  }
}
