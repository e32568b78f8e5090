import { mkdirSync } from 'node:fs';
import type { BackupPlan } from './backups/schedule/due-times.js';
import { Schedule } from './backups/schedule/schedule.js';
import { buildBackups } from './build-backups.js';
import { ConfigError, type Config } from './config.js';
import type { Logger } from './domain/logger.js';
import type { Database } from './domain/records.js';
import { createApp } from './http/app.js';
import { serve } from './http/serve.js';
import { openBackupStores, requireBackupFolder } from './open-backup-stores.js';
import { openControlDatabase, prepareStore } from './open-control-database.js';
import { DatabaseProvisioner } from './provisioner/database-provisioner.js';
import { databaseSpec } from './provisioner/database-spec.js';
import { runtimeHandlers } from './provisioner/handlers.js';
import { OperationWaiters } from './provisioner/operation-waiters.js';
import { Resync } from './provisioner/resync.js';
import { DockerRuntime } from './runtime/docker/docker-runtime.js';
import type { Runtime } from './runtime/runtime.js';
import { sameDigest } from './secrets/digest.js';
import { generatePassword, generateToken } from './secrets/random.js';
import { scramVerifier } from './secrets/scram.js';
import { lockDataDir } from './store/data-dir-lock.js';

const SWEEP_MS = 30_000;

export interface DaemonDeps {
  config: Config;
  logger: Logger;
  version: string;
  migrationsFolder: string;
}

export interface Daemon {
  /** Where the API answers. */
  url: string;
  stop(): Promise<void>;
}

/** Builds everything and starts it. When a part cannot start, the parts before it are stopped again. */
export async function startDaemon({
  config,
  logger,
  version,
  migrationsFolder,
}: DaemonDeps): Promise<Daemon> {
  const releasers: (() => void | Promise<void>)[] = [];
  const stop = async () => {
    for (const release of releasers.splice(0).reverse()) await release();
  };
  try {
    const plan = readBackupPlan(config);
    for (const name of config.unknown) logger.warn({ name }, 'ignored: this version has no such setting');
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const lock = lockDataDir(config.dataDir);
    releasers.push(() => lock.release());

    // First of all: a migration would make the folder that is missing.
    requireBackupFolder(config);
    const store = openControlDatabase(config, migrationsFolder);
    releasers.push(() => store.close());
    prepareStore(store, config, logger);
    const { disk, copies } = await openBackupStores(store, config, logger);
    releasers.push(() => copies?.close());

    const runtime: Runtime = new DockerRuntime({
      ...(config.dockerHost !== null && { dockerHost: config.dockerHost }),
      prefix: config.resourcePrefix,
      network: config.network,
      subnetPool: config.subnetPool,
      postgresImage: config.postgresImage,
      pgbouncerImage: config.pgbouncerImage,
      logger,
    });
    const waiters = new OperationWaiters();
    const clock = () => new Date();
    const nudge = () => provisioner.nudge();
    const specOf = (database: Database) => databaseSpec(store, database);
    const backups = buildBackups({
      config,
      plan,
      store,
      disk,
      copies,
      runtime,
      specOf,
      clock,
      logger,
      nudge,
    });
    const provisioner: DatabaseProvisioner = new DatabaseProvisioner({
      store,
      handlers: { ...runtimeHandlers({ store, runtime }), ...backups.handlers },
      waiters,
      clock,
      logger,
      concurrency: 10,
      leaseMs: 30_000,
      heartbeatMs: 1000,
      attemptMs: 600_000,
    });
    const resync = new Resync({
      store,
      runtime,
      nudge,
      clock,
      logger,
      intervalMs: 30_000,
      hintDelayMs: 1000,
      repairPauseMs: 300_000,
    });
    const app = createApp(
      {
        ...backups.api,
        store,
        logger,
        versions: config.versions,
        endpointsOf: (id) => runtime.endpoints(id),
        nudge,
        waitForOperation: (id, timeoutMs, signal) => waiters.wait(id, timeoutMs, signal),
        newCredential: () => {
          const password = generatePassword();
          return { role: 'app', password, verifier: scramVerifier(password) };
        },
        newToken: generateToken,
        sameDigest,
        checkRuntime: (signal) => runtime.check(signal),
      },
      { version },
    );
    const { url, close } = await serve(app, { ...config, tenants: config.subnetPool, logger });
    releasers.push(close);
    await sweepRuntime(runtime, logger);
    for (const service of [provisioner, ...backups.services, resync]) {
      service.start();
      releasers.push(() => service.stop());
    }
    releasers.push(() => waiters.close());
    logger.info({ url, dataDir: config.dataDir, version }, 'paasdb is up');
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Before anything is at work: what was is what a process that died has left. */
async function sweepRuntime(runtime: Runtime, logger: Logger): Promise<void> {
  try {
    await runtime.sweep(AbortSignal.timeout(SWEEP_MS));
  } catch (error) {
    logger.warn(
      { err: error },
      'what restores and drills may have left was not looked for: it is at the next start',
    );
  }
}

/** Only whoever reads cron can say whether the schedule is one. */
function readBackupPlan({ backupSchedule, backupWindowMinutes }: Config): BackupPlan {
  try {
    return { schedule: Schedule.parse(backupSchedule), windowMs: backupWindowMinutes * 60_000 };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `PAASDB_BACKUP_SCHEDULE=${backupSchedule}: must be five fields of cron, in UTC, such as 0 3 * * *: ${reason}`,
    ]);
  }
}
