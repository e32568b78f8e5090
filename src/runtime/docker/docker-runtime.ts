import type { Cidr } from '../../domain/cidr.js';
import type { Endpoints } from '../../domain/environment.js';
import type { Progress } from '../../domain/operation.js';
import { generateId, generatePassword } from '../../secrets/random.js';
import { RuntimeError, type ApplyOptions, type DatabaseSpec, type Runtime } from '../runtime.js';
import type { Attempt, StepDeps } from './attempt.js';
import { Engine } from './engine/engine.js';
import { hasStatus } from './engine/engine-error.js';
import { carries } from './engine/label-filter.js';
import { driftOf, indexOf } from './find-drift.js';
import { ImageFacts } from './image-facts.js';
import { ImageStore } from './image-store.js';
import { containerFilter, kindLabels, LABEL, volumeIdentity } from './labels.js';
import { namesWith, type Names } from './names.js';
import { NetworkStore } from './network-store.js';
import type { Observation } from './observation.js';
import { observe } from './observe.js';
import { plan } from './plan.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';
import { poolerContainer, POOLER_STOP_S } from './pooler-container.js';
import { postgresContainer, POSTGRES_STOP_S } from './postgres-container.js';
import { runSteps } from './run-steps.js';
import { InterruptedError } from './start-failure.js';
import { STEP_TITLES, type StepKind } from './step.js';
import { EXECUTE } from './steps.js';
import { watchEngine } from './watch.js';

export interface DockerRuntimeOptions {
  /** As in DOCKER_HOST: `unix:///path` or `tcp://host:port`. The local socket when left out. */
  dockerHost?: string;
  /** Begins the name of every container and volume, and tells ours from another daemon's. */
  prefix: string;
  /** The network of the org `default`, and the beginning of the names of the others. */
  network: string;
  /** What the networks' subnets are taken from. */
  subnetPool: Cidr;
  /** With `{version}` for the major version. */
  postgresImage: string;
  pgbouncerImage: string;
  logger: RuntimeLogger;
}

export interface RuntimeLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** How often to look again when somebody else changes things while we work. */
const MAX_PASSES = 6;

/** Databases as containers of one Docker Engine. */
export class DockerRuntime implements Runtime {
  private readonly deps: StepDeps;
  private readonly names: Names;

  constructor(private readonly options: DockerRuntimeOptions) {
    const { prefix, subnetPool } = options;
    const engine = new Engine(options.dockerHost);
    this.names = namesWith(options);
    this.deps = {
      engine,
      images: new ImageStore(engine),
      imageFacts: new ImageFacts({ engine, prefix, randomId: generateId }),
      networks: new NetworkStore({ engine, prefix, names: this.names, subnetPool }),
      prefix,
      names: this.names,
    };
  }

  async check(signal: AbortSignal): Promise<void> {
    await this.deps.engine.check(signal);
  }

  endpoints(databaseId: string): Endpoints {
    return {
      host: this.names.pooler(databaseId),
      port: POOLER_PORT,
      directHost: this.names.postgres(databaseId),
      directPort: POSTGRES_PORT,
    };
  }

  async apply(spec: DatabaseSpec, { signal, onProgress = () => undefined }: ApplyOptions): Promise<void> {
    let interruption: InterruptedError | null = null;
    for (let pass = 1; pass <= MAX_PASSES; pass++) {
      const seen = await this.observe(spec, signal);
      const decision = plan(spec, seen);
      switch (decision.outcome) {
        case 'converged':
          return;
        case 'refused':
          throw new RuntimeError(decision.code, `${decision.reason} (${this.describe(spec)})`);
        case 'steps':
          break;
      }
      const kinds = decision.steps.map(({ kind }) => kind);
      this.options.logger.debug({ database: spec.id, pass, steps: kinds }, 'missing steps');
      try {
        const attempt = this.attempt(spec, seen, kinds, onProgress);
        await runSteps(decision.steps, (kind, inner) => EXECUTE[kind](this.deps, attempt, inner), {
          signal,
          title: (kind) => STEP_TITLES[kind],
          onProgress,
        });
        if (decision.complete) return;
      } catch (error) {
        if (!(error instanceof InterruptedError)) throw this.asRuntimeError(error, signal);
        this.options.logger.info({ database: spec.id, reason: error.message }, 'looking again');
        interruption = error;
      }
    }
    if (interruption?.cause instanceof RuntimeError) throw interruption.cause;
    const reason = interruption?.message ?? 'every look finds something else';
    throw new RuntimeError('start_failed', `The database does not come to rest: ${reason}`, {
      cause: interruption,
    });
  }

  async restart(spec: DatabaseSpec, options: ApplyOptions): Promise<void> {
    const { engine, prefix } = this.deps;
    const { signal } = options;
    const containers = await engine.containers.list(containerFilter(prefix, spec.id), signal);
    const restart = async (name: string, graceS: number) => {
      const container = containers.find((listed) => listed.name === name && listed.status === 'running');
      if (container) await engine.containers.restart(container.id, graceS, signal);
    };
    await Promise.all([
      // Until it was ready, a stopped PostgreSQL is worth nothing: `apply` makes it anew.
      restart(this.names.postgres(spec.id), POSTGRES_STOP_S),
      restart(this.names.pooler(spec.id), POOLER_STOP_S),
    ]);
    await this.apply(spec, options);
  }

  async remove(databaseId: string, { signal, onProgress = () => undefined }: ApplyOptions): Promise<void> {
    const { engine, prefix } = this.deps;
    const containers = await engine.containers.list(containerFilter(prefix, databaseId), signal);
    let done = 0;
    const total = containers.length + 1;
    const report = (step: string) => onProgress({ step, done, total });
    report('Stopping the containers');
    await Promise.all(
      containers.map(async ({ id, name }) => {
        // Stopped and not killed, so that what stays in the volume is clean.
        await engine.containers.stop(
          id,
          name === this.names.pooler(databaseId) ? POOLER_STOP_S : POSTGRES_STOP_S,
          signal,
        );
        await engine.containers.remove(id, false, signal);
        done += 1;
        report('Removing the containers');
      }),
    );
    const identity = { ...kindLabels(prefix, 'pooler-config'), [LABEL.database]: databaseId };
    await this.removeVolume(this.names.poolerVolume(databaseId), identity, signal);
    done += 1;
    report('Removed');
  }

  async destroyVolume(volumeId: string, { signal }: ApplyOptions): Promise<void> {
    await this.removeVolume(
      this.names.volume(volumeId),
      volumeIdentity(this.options.prefix, volumeId),
      signal,
    );
  }

  async findDrift(specs: readonly DatabaseSpec[], signal: AbortSignal): Promise<Map<string, string>> {
    const { engine, prefix } = this.deps;
    const [containers, networks, volumes] = await Promise.all([
      engine.containers.list(containerFilter(prefix), signal),
      engine.networks.list(kindLabels(prefix, 'network'), signal),
      engine.volumes.list(kindLabels(prefix, 'data'), signal),
    ]);
    const index = indexOf({ containers, networks, volumes });
    const drift = new Map<string, string>();
    for (const spec of specs) {
      const { postgres, pooler } = this.wanted(spec);
      const reason = driftOf(spec, { postgres: postgres.config, pooler: pooler.config }, this.names, index);
      if (reason !== null) drift.set(spec.id, reason);
    }
    return drift;
  }

  async watch(onHint: () => void, signal: AbortSignal): Promise<void> {
    const { logger, prefix, network } = this.options;
    await watchEngine(
      {
        engine: this.deps.engine,
        prefix,
        ownName: (name) => name.startsWith(network) || name.startsWith(prefix),
        debug: (message) => logger.debug({}, message),
      },
      onHint,
      signal,
    );
  }

  private observe(spec: DatabaseSpec, signal: AbortSignal): Promise<Observation> {
    return observe(this.deps, spec, this.wanted(spec), signal);
  }

  /** What the containers would be made as, but for the password of an initialisation. */
  private wanted(spec: DatabaseSpec, bootstrapPassword: string | null = null) {
    const { prefix, names } = this.deps;
    const postgresImage = this.options.postgresImage.replaceAll('{version}', String(spec.engineVersion));
    const poolerImage = this.options.pgbouncerImage;
    return {
      postgres: {
        image: postgresImage,
        ...postgresContainer(spec, { prefix, names, image: postgresImage, bootstrapPassword }),
      },
      pooler: { image: poolerImage, ...poolerContainer(spec, { prefix, names, image: poolerImage }) },
    };
  }

  private attempt(
    spec: DatabaseSpec,
    { postgres, pooler }: Observation,
    kinds: readonly StepKind[],
    onProgress: (progress: Progress) => void,
  ): Attempt {
    const trusted = spec.holdsData || (postgres?.marker ?? null) !== null;
    return {
      spec,
      // A password for a volume that we make ourselves, and for no other.
      ...this.wanted(spec, kinds.includes('create-volume') ? generatePassword() : null),
      firstStart: !trusted,
      containers: { postgres: postgres?.container.id ?? null, pooler: pooler?.container.id ?? null },
      onPercent: (percent) =>
        onProgress({ step: `Pulling the image (${percent} %)`, done: 0, total: kinds.length }),
    };
  }

  private async removeVolume(name: string, identity: Readonly<Record<string, string>>, signal: AbortSignal) {
    const { volumes } = this.deps.engine;
    const volume = await volumes.inspect(name, signal);
    if (!volume) return;
    if (!carries(volume.labels, identity)) {
      throw new RuntimeError(
        'conflict',
        `Volume ${name} was not made by paasdb for this: it was left untouched`,
      );
    }
    try {
      await volumes.remove(name, signal);
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
      throw new RuntimeError('conflict', `Volume ${name} is used by a container: it was left untouched`, {
        cause: error,
      });
    }
  }

  private describe(spec: DatabaseSpec): string {
    return `database ${spec.org}/${spec.app}/${spec.name}, volume ${this.names.volume(spec.volumeId)}`;
  }

  private asRuntimeError(error: unknown, signal: AbortSignal): RuntimeError {
    if (signal.aborted)
      return new RuntimeError('aborted', 'Stopped before the database was ready', { cause: error });
    if (error instanceof RuntimeError) return error;
    const message = error instanceof Error ? error.message : String(error);
    return new RuntimeError('start_failed', message, { cause: error });
  }
}
