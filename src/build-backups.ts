import { lookup } from 'node:dns/promises';
import { backupHandler } from './backups/backup-handler.js';
import { Caretaker } from './backups/caretaker.js';
import { copyHandler } from './backups/copy-handler.js';
import { CopyKeeper } from './backups/copy-keeper.js';
import type { CopyStore } from './backups/bucket/copy-store.js';
import type { DiskStore } from './backups/disk/disk-store.js';
import type { BackupPlan } from './backups/schedule/due-times.js';
import { Exporter } from './backups/export-dump.js';
import { importHandler } from './backups/loads/import-handler.js';
import { Incoming } from './backups/loads/incoming.js';
import { LoadsCaretaker } from './backups/loads/loads-caretaker.js';
import { openStored } from './backups/open-stored.js';
import { OverdueWatch } from './backups/schedule/overdue-watch.js';
import { receiveUpload } from './backups/loads/receive-upload.js';
import { refusalOfSource } from './backups/loads/refusal-of-source.js';
import { refusalOfTarget } from './backups/loads/refusal-of-target.js';
import { restoreHandler } from './backups/loads/restore-handler.js';
import { Rounds } from './backups/rounds.js';
import { BackupScheduler } from './backups/schedule/scheduler.js';
import { verifyHandler } from './backups/verify-handler.js';
import type { Config } from './config.js';
import { AddressRules } from './domain/address-rules.js';
import { isBackupOverdue, overdueAfterMs } from './domain/backup-overdue.js';
import { ClockWatch } from './domain/clock-watch.js';
import type { Clock } from './domain/clock.js';
import type { Logger } from './domain/logger.js';
import type { OperationHandlers } from './domain/operation-handler.js';
import type { Database } from './domain/records.js';
import type { ApiDeps } from './http/api-deps.js';
import type { DatabaseSpec, Runtime } from './runtime/runtime.js';
import { isUnfinished } from './store/operations.js';
import type { Store } from './store/store.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface BackupsDeps {
  config: Config;
  plan: BackupPlan;
  store: Store;
  disk: DiskStore;
  copies: CopyStore | null;
  runtime: Runtime;
  specOf: (database: Database) => DatabaseSpec;
  clock: Clock;
  logger: Logger;
  /** Tells the provisioner that something was queued. */
  nudge: () => void;
}

/** What runs for as long as the daemon does. */
interface Service {
  start(): void;
  stop(): Promise<void>;
}

/** Who looks after something that nobody asks for. */
interface Keeper {
  /** Looks once. */
  once(signal: AbortSignal): Promise<void>;
}

interface Backups {
  handlers: Pick<OperationHandlers, 'backup' | 'verify' | 'copy' | 'restore' | 'import'>;
  /** In the order in which they are started. */
  services: Service[];
  /** What the API asks of backups. */
  api: Pick<
    ApiDeps,
    | 'openBackup'
    | 'backupRetentionMs'
    | 'isBackupOverdue'
    | 'exportDatabase'
    | 'receiveUpload'
    | 'refusalOfSource'
    | 'refusalOfTarget'
    | 'tidyBackups'
  >;
}

/** Builds all that has to do with backups, restores and imports. */
export function buildBackups(deps: BackupsDeps): Backups {
  const { config, plan, store, disk, copies, runtime, specOf, clock, logger, nudge } = deps;
  const stores = { disk, copies, logger };
  const retentionMs = config.backupRetentionDays * DAY_MS;
  const overdueMs = overdueAfterMs(plan.schedule.longestGapMs(clock()));
  const isOverdue: ApiDeps['isBackupOverdue'] = (database) => isBackupOverdue(database, clock(), overdueMs);
  const incoming = new Incoming(config.backupDir, (id) => isUnfinished(store, id));
  const source = { resolve: addressesOf, rules: new AddressRules(config.importAllow, config.subnetPool) };
  const exporter = new Exporter({ runtime, specOf, atOnce: 4, idleMs: MINUTE_MS });

  /** Has somebody look after something again and again. */
  const rounds = (keeper: Keeper, intervalMs: number, failure: string) =>
    new Rounds({
      round: (signal) => keeper.once(signal),
      failed: (error) => logger.error({ err: error }, failure),
      intervalMs,
    });
  const clockWatch = new ClockWatch(clock, () => performance.now());
  const isSteady = () => clockWatch.isSteady();
  const overdueWatch = new OverdueWatch({ store, isOverdue, clock, logger, intervalMs: HOUR_MS });
  const scheduler = new BackupScheduler({
    store,
    plan,
    retentionMs,
    clock,
    logger,
    nudge,
    ticked: () => overdueWatch.look(),
    intervalMs: 20_000,
  });
  const caretaker = rounds(
    new Caretaker({
      store,
      disk,
      clock,
      isSteady,
      logger,
      retentionDays: config.backupRetentionDays,
    }),
    HOUR_MS,
    'the backups cannot be tidied up',
  );
  const loads = rounds(
    new LoadsCaretaker({
      store,
      runtime,
      incoming,
      specOf,
      isSteady,
      logger,
      patienceMs: MINUTE_MS,
    }),
    MINUTE_MS,
    'former data cannot be looked for',
  );
  const copyKeeper =
    copies &&
    rounds(
      new CopyKeeper({ store, copies, logger, nudge }),
      HOUR_MS,
      'the copies of backups cannot be looked after',
    );

  const loading = { store, runtime, specOf, previousKeptForMs: retentionMs, tidy: () => loads.nudge() };
  const dumping = { store, runtime, disk, copies: copies !== null, specOf, clock };
  return {
    handlers: {
      backup: backupHandler({ ...dumping, verify: config.backupVerify }),
      verify: verifyHandler({ store, runtime, stores }),
      copy: copyHandler({ store, disk, copies }),
      restore: restoreHandler({ ...loading, stores }),
      import: importHandler({ ...loading, incoming, source }),
    },
    services: [scheduler, caretaker, loads, ...(copyKeeper ? [copyKeeper] : [])],
    api: {
      openBackup: async (database, backup) => (await openStored(stores, database, backup)).chunks,
      backupRetentionMs: retentionMs,
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
    },
  };
}

/** As whoever connects resolves a name. */
async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
