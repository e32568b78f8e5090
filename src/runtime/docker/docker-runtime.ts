import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Cidr } from '../../domain/cidr.js';
import type { Endpoints } from '../../domain/environment.js';
import type { Logger } from '../../domain/logger.js';
import { generateId } from '../../secrets/random.js';
import type {
  ApplyOptions,
  ConsumeArchive,
  DatabaseContents,
  DatabaseSpec,
  Dump,
  FindSource,
  Loaded,
  LoadOptions,
  Rehearsal,
  RemovableDatabase,
  Runtime,
} from '../runtime.js';
import { applySpec, type ApplyDeps } from './apply-spec.js';
import { blueprintsOf } from './blueprints.js';
import { dumpDatabase } from './dump/dump-database.js';
import { DumpTools } from './dump/dump-tools.js';
import { Engine } from './engine/engine.js';
import { driftOf, indexOf } from './find-drift.js';
import { findServer } from './find-server.js';
import { ImageFacts } from './image-facts.js';
import { ImageStore } from './image-store.js';
import { containerFilter, kindLabels, volumeIdentity } from './labels.js';
import { loadDatabase } from './load/load-database.js';
import { removePrevious } from './load/remove-previous.js';
import { requireEmpty } from './load/require-empty.js';
import { sweepLoads } from './load/sweep.js';
import { namesWith } from './names.js';
import { NetworkStore } from './network-store.js';
import { OwnContainer, readOwnMounts } from './own-container.js';
import { POOLER_PORT, POSTGRES_PORT } from './pooler-config.js';
import { rehearseArchive } from './rehearse/rehearse-archive.js';
import { sweepDrills } from './rehearse/sweep-drills.js';
import { removeDatabase } from './remove-database.js';
import { removeVolume } from './remove-volume.js';
import { restartContainers } from './restart-containers.js';
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
  /** After which a call to Docker that should be quick has failed. A minute when left out. */
  callDeadlineMs?: number;
  logger: Logger;
}

/** How many databases are compared before others get their turn: a thousand at once would hold up every request. */
const BATCH = 10;

/** Databases as containers of one Docker Engine. */
export class DockerRuntime implements Runtime {
  private readonly deps: ApplyDeps;
  private readonly dumpTools: DumpTools;
  private readonly processId = generateId();
  private readonly processors = availableParallelism();

  constructor(private readonly options: DockerRuntimeOptions) {
    const { prefix, subnetPool, logger } = options;
    const engine = new Engine({ ...options, owner: containerFilter(prefix) });
    const names = namesWith(options);
    this.dumpTools = new DumpTools(engine);
    const ownContainer = new OwnContainer(engine, readOwnMounts());
    this.deps = {
      engine,
      images: new ImageStore(engine),
      imageFacts: new ImageFacts({ engine, prefix, randomId: generateId }),
      networks: new NetworkStore({ engine, prefix, names, subnetPool, ownContainer }),
      prefix,
      names,
      making: { ...options, names },
      logger,
    };
  }

  check(signal: AbortSignal): Promise<void> {
    return this.deps.engine.check(signal);
  }

  endpoints(databaseId: string): Endpoints {
    const { names } = this.deps;
    return {
      host: names.pooler(databaseId),
      port: POOLER_PORT,
      directHost: names.postgres(databaseId),
      directPort: POSTGRES_PORT,
    };
  }

  apply(spec: DatabaseSpec, options: ApplyOptions): Promise<void> {
    return applySpec(this.deps, spec, options);
  }

  async restart(spec: DatabaseSpec, options: ApplyOptions & { askedAt: Date }): Promise<void> {
    await restartContainers(this.deps, spec, options);
    await applySpec(this.deps, spec, { ...options, match: 'config' });
  }

  remove(database: RemovableDatabase, options: ApplyOptions): Promise<{ volumeKept: boolean }> {
    return removeDatabase(this.deps, database, options);
  }

  destroyVolume(volumeId: string, { signal }: ApplyOptions): Promise<void> {
    const { engine, prefix, names } = this.deps;
    return removeVolume(engine, names.volume(volumeId), volumeIdentity(prefix, volumeId), signal);
  }

  dump(spec: DatabaseSpec, consume: ConsumeArchive, options: ApplyOptions): Promise<Dump> {
    const { deps, dumpTools, processId } = this;
    return dumpDatabase({ ...deps, dumpTools, processId }, spec, consume, options);
  }

  load(spec: DatabaseSpec, find: FindSource, options: LoadOptions): Promise<Loaded> {
    const { deps, processId, processors } = this;
    return loadDatabase({ ...deps, processId, processors }, spec, find, options);
  }

  async requireEmpty(spec: DatabaseSpec, { signal }: ApplyOptions): Promise<void> {
    await this.deps.networks.enter(spec.org, signal);
    await requireEmpty(await findServer(this.deps, spec, signal), spec, signal);
  }

  removePrevious(spec: DatabaseSpec, loadId: string, options: ApplyOptions): Promise<void> {
    return removePrevious(this.deps, spec, loadId, options);
  }

  rehearse(archive: Rehearsal, options: ApplyOptions): Promise<DatabaseContents> {
    const { deps, processors } = this;
    return rehearseArchive({ ...deps, processors }, archive, options);
  }

  async sweep(signal: AbortSignal): Promise<void> {
    await sweepLoads(this.deps, signal);
    await sweepDrills(this.deps, signal);
  }

  /** Three lists, however many databases there are. */
  async findDrift(specs: readonly DatabaseSpec[], signal: AbortSignal): Promise<Map<string, string>> {
    const { engine, prefix, names, making } = this.deps;
    const [containers, networks, volumes] = await Promise.all([
      engine.containers.list(containerFilter(prefix), signal),
      engine.networks.list(kindLabels(prefix, 'network'), signal),
      engine.volumes.list(kindLabels(prefix, 'data'), signal),
    ]);
    const inventory = indexOf({ containers, networks, volumes });
    const drift = new Map<string, string>();
    for (const [index, spec] of specs.entries()) {
      if (index % BATCH === BATCH - 1) await setImmediate();
      const reason = driftOf(spec, blueprintsOf(spec, making), names, inventory);
      if (reason !== null) drift.set(spec.id, reason);
    }
    return drift;
  }

  watch(onHint: () => void, signal: AbortSignal): Promise<void> {
    const { engine, prefix, logger } = this.deps;
    const { network } = this.options;
    const ownName = (name: string) => name.startsWith(network) || name.startsWith(prefix);
    return watchEngine({ engine, prefix, ownName, logger }, onHint, signal);
  }
}
