import { lookup } from 'node:dns/promises';
import { mkdirSync } from 'node:fs';
import { backupHandler } from './backups/backup-handler.js';
import { Caretaker } from './backups/caretaker.js';
import { copyHandler } from './backups/copy-handler.js';
import { CopyKeeper } from './backups/copy-keeper.js';
import type { BackupPlan } from './backups/due-times.js';
import { Exporter } from './backups/export-dump.js';
import { importHandler } from './backups/import-handler.js';
import { Incoming } from './backups/incoming.js';
import { LoadsCaretaker } from './backups/loads-caretaker.js';
import { openStored } from './backups/open-stored.js';
import { OverdueWatch } from './backups/overdue-watch.js';
import { receiveUpload } from './backups/receive-upload.js';
import { refusalOfSource } from './backups/refusal-of-source.js';
import { refusalOfTarget } from './backups/refusal-of-target.js';
import { restoreHandler } from './backups/restore-handler.js';
import { Schedule } from './backups/schedule.js';
import { BackupScheduler } from './backups/scheduler.js';
import { verifyHandler } from './backups/verify-handler.js';
import { ConfigError, type Config } from './config.js';
import { AddressRules } from './domain/address-rules.js';
import { isBackupOverdue, overdueAfterMs } from './domain/backup-overdue.js';
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
import type { BackupFacts } from './store/backup-facts.js';
import { lockDataDir } from './store/data-dir-lock.js';
import { isUnfinished } from './store/operations.js';

const HOUR_MS = 3_600_000;
const SWEEP_MS = 30_000;
const DAY_MS = 24 * HOUR_MS;

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
    const stores = { disk, copies, logger };

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
    const backupRetentionMs = config.backupRetentionDays * DAY_MS;
    const overdueMs = overdueAfterMs(plan.schedule.longestGapMs(clock()));
    const isOverdue = (database: BackupFacts) => isBackupOverdue(database, clock(), overdueMs);
    const specOf = (database: Database) => databaseSpec(store, database);
    const caretaker = new Caretaker({
      store,
      disk,
      clock,
      logger,
      retentionDays: config.backupRetentionDays,
      intervalMs: HOUR_MS,
    });
    const incoming = new Incoming(config.backupDir, (id) => isUnfinished(store, id));
    const source = { resolve: addressesOf, rules: new AddressRules(config.importAllow, config.subnetPool) };
    const loads = new LoadsCaretaker({
      store,
      runtime,
      incoming,
      specOf,
      logger,
      intervalMs: 60_000,
      patienceMs: 60_000,
    });
    const exporter = new Exporter({ runtime, specOf, atOnce: 4, idleMs: 60_000 });
    const loading = {
      store,
      runtime,
      specOf,
      previousKeptForMs: backupRetentionMs,
      tidy: () => loads.nudge(),
    };
    const provisioner = new DatabaseProvisioner({
      store,
      handlers: {
        ...runtimeHandlers({ store, runtime }),
        backup: backupHandler({
          store,
          runtime,
          disk,
          copies: copies !== null,
          specOf,
          clock,
          verify: config.backupVerify,
        }),
        verify: verifyHandler({ store, runtime, stores }),
        copy: copyHandler({ store, disk, copies }),
        restore: restoreHandler({ ...loading, stores }),
        import: importHandler({ ...loading, incoming, source }),
      },
      waiters,
      clock,
      logger,
      concurrency: 10,
      leaseMs: 30_000,
      heartbeatMs: 1000,
      attemptMs: 600_000,
    });
    const overdueWatch = new OverdueWatch({ store, isOverdue, clock, logger, intervalMs: HOUR_MS });
    const scheduler = new BackupScheduler({
      store,
      plan,
      retentionMs: backupRetentionMs,
      clock,
      logger,
      nudge: () => provisioner.nudge(),
      ticked: () => overdueWatch.look(),
      intervalMs: 20_000,
    });
    const copyKeeper =
      copies &&
      new CopyKeeper({ store, copies, logger, nudge: () => provisioner.nudge(), intervalMs: 3_600_000 });
    const resync = new Resync({
      store,
      runtime,
      nudge: () => provisioner.nudge(),
      clock,
      logger,
      intervalMs: 30_000,
      hintDelayMs: 1000,
      repairPauseMs: 300_000,
    });
    const app = createApp(
      {
        store,
        logger,
        versions: config.versions,
        endpointsOf: (id) => runtime.endpoints(id),
        nudge: () => provisioner.nudge(),
        waitForOperation: (id, timeoutMs, signal) => waiters.wait(id, timeoutMs, signal),
        openBackup: async (database, backup) => (await openStored(stores, database, backup)).chunks,
        backupRetentionMs,
        isBackupOverdue: isOverdue,
        exportDatabase: (database, signal) => exporter.dump(database, signal),
        receiveUpload: ({ engineVersion: major }, chunks) =>
          receiveUpload(incoming, { id: store.newId(), major }, chunks),
        refusalOfSource: (url) => refusalOfSource(source, url),
        refusalOfTarget: (database) => refusalOfTarget({ runtime, specOf, limitMs: 5_000 }, database),
        tidyBackups: () => {
          caretaker.nudge();
          copyKeeper?.nudge();
        },
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
    provisioner.start();
    releasers.push(() => provisioner.stop());
    scheduler.start();
    releasers.push(() => scheduler.stop());
    caretaker.start();
    releasers.push(() => caretaker.stop());
    loads.start();
    releasers.push(() => loads.stop());
    copyKeeper?.start();
    releasers.push(() => copyKeeper?.stop());
    resync.start();
    releasers.push(() => resync.stop());
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

/** As whoever connects resolves a name. */
async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
