import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { backupHandler } from './backups/backup-handler.js';
import { Caretaker } from './backups/caretaker.js';
import { copyHandler } from './backups/copy-handler.js';
import { CopyKeeper } from './backups/copy-keeper.js';
import { openStored } from './backups/open-stored.js';
import type { Config } from './config.js';
import type { Logger } from './domain/logger.js';
import type { OperationHandler } from './domain/operation-handler.js';
import type { Database } from './domain/records.js';
import { createApp } from './http/app.js';
import { serve } from './http/serve.js';
import { databaseSpec } from './provisioner/database-spec.js';
import { openBackupStores } from './open-backup-stores.js';
import { DatabaseProvisioner } from './provisioner/database-provisioner.js';
import { runtimeHandlers } from './provisioner/handlers.js';
import { OperationWaiters } from './provisioner/operation-waiters.js';
import { Resync } from './provisioner/resync.js';
import { DockerRuntime } from './runtime/docker/docker-runtime.js';
import type { Runtime } from './runtime/runtime.js';
import { sameDigest, sha256 } from './secrets/digest.js';
import { loadKeyring } from './secrets/load-keyring.js';
import { loadOperatorToken } from './secrets/load-operator-token.js';
import { generateId, generatePassword, generateToken } from './secrets/random.js';
import { scramVerifier } from './secrets/scram.js';
import { findBrokenAuditEvent } from './store/audit.js';
import { listCredentialKeyIds, resealCredentials } from './store/credentials.js';
import { lockDataDir } from './store/data-dir-lock.js';
import { dropStaleIdempotentReplies } from './store/idempotency.js';
import { openStore } from './store/open.js';
import { ensureDefaultOrg } from './store/orgs.js';
import type { Store } from './store/store.js';
import { replaceOperatorToken } from './store/tokens.js';

const underConstruction: OperationHandler = {
  run: () => Promise.reject(new Error('under construction')),
  succeeded: () => undefined,
  failed: () => undefined,
};

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
    const specOf = (database: Database) => databaseSpec(store, database);
    const caretaker = new Caretaker({
      store,
      disk,
      clock,
      logger,
      retentionDays: config.backupRetentionDays,
      intervalMs: 3_600_000,
    });
    const provisioner = new DatabaseProvisioner({
      store,
      handlers: {
        ...runtimeHandlers({ store, runtime }),
        backup: backupHandler({ store, runtime, disk, copies: copies !== null, specOf, clock }),
        verify: underConstruction,
        copy: copyHandler({ store, disk, copies }),
        restore: underConstruction,
        import: underConstruction,
      },
      waiters,
      clock,
      logger,
      concurrency: 10,
      leaseMs: 30_000,
      heartbeatMs: 1000,
      attemptMs: 600_000,
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
        openBackup: (database, backup) => openStored({ disk, copies, logger }, database, backup),
        tidyBackups: () => {
          caretaker.nudge();
          copyKeeper?.look();
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
    provisioner.start();
    releasers.push(() => provisioner.stop());
    caretaker.start();
    releasers.push(() => caretaker.stop());
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

/** The folder that an operator names has to be there: it may be a disk that is not mounted yet. */
function requireBackupFolder({ backupDir, dataDir }: Config): void {
  if (dirname(backupDir) === dataDir) mkdirSync(backupDir, { recursive: true, mode: 0o700 });
  if (!existsSync(backupDir)) {
    throw new Error(`the folder for backups, ${backupDir}, is missing: make it, or mount its disk`);
  }
}

function openControlDatabase(config: Config, migrationsFolder: string): Store {
  const path = join(config.dataDir, 'paasdb.sqlite');
  if (existsSync(path) && !existsSync(config.masterKeyFile)) {
    throw new Error(
      `the key file ${config.masterKeyFile} is missing: put back the one that belongs to ${config.dataDir}, without it no credential can be read`,
    );
  }
  const sealer = loadKeyring(config.masterKeyFile);
  const folders = { migrations: migrationsFolder, copies: join(config.backupDir, 'control') };
  return openStore(path, folders, { clock: () => new Date(), sealer, sha256, generateId });
}

/** What must hold before anybody is served. Throws when a secret could not be opened any more. */
function prepareStore(store: Store, config: Config, logger: Logger): void {
  const missing = listCredentialKeyIds(store).filter((id) => !store.sealer.holds(id));
  if (missing.length > 0) {
    throw new Error(
      `${config.masterKeyFile} does not hold the key(s) ${missing.join(', ')}, with which credentials are encrypted: put back the key file that belongs to this data directory`,
    );
  }
  const resealed = resealCredentials(store);
  if (resealed > 0) {
    logger.info(
      { resealed, keyId: store.sealer.activeKeyId },
      'credentials were encrypted anew with the active key',
    );
  }
  dropStaleIdempotentReplies(store);
  ensureDefaultOrg(store);
  replaceOperatorToken(store, sha256(config.operatorToken ?? readOperatorToken(config, logger)));
  const broken = findBrokenAuditEvent(store);
  if (broken !== null)
    logger.error({ eventId: broken }, 'the audit log was altered: its chain breaks at this event');
}

function readOperatorToken({ dataDir }: Config, logger: Logger): string {
  const path = join(dataDir, 'operator-token');
  const token = loadOperatorToken(path);
  // In a container, say how to come by it from outside.
  const command = existsSync('/.dockerenv') ? `docker compose exec paasdb cat ${path}` : `cat ${path}`;
  logger.info({ path }, `the operator's token is read with \`${command}\``);
  return token;
}
