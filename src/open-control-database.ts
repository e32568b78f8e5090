import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.js';
import type { Logger } from './domain/logger.js';
import { sha256 } from './secrets/digest.js';
import { loadKeyring } from './secrets/load-keyring.js';
import { loadOperatorToken } from './secrets/load-operator-token.js';
import { generateId } from './secrets/random.js';
import { findBrokenAuditEvent } from './store/audit.js';
import { listCredentialKeyIds, resealCredentials } from './store/credentials.js';
import { dropStaleIdempotentReplies } from './store/idempotency.js';
import { listSourceKeyIds, resealSources } from './store/loads.js';
import { openStore } from './store/open.js';
import { ensureDefaultOrg } from './store/orgs.js';
import type { Store } from './store/store.js';
import { replaceOperatorToken } from './store/tokens.js';

/** Opens what lies in the data directory, and brings it to the schema of this version. */
export function openControlDatabase(config: Config, migrationsFolder: string): Store {
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
export function prepareStore(store: Store, config: Config, logger: Logger): void {
  const missing = [...listCredentialKeyIds(store), ...listSourceKeyIds(store)].filter(
    (id) => !store.sealer.holds(id),
  );
  if (missing.length > 0) {
    throw new Error(
      `${config.masterKeyFile} does not hold the key(s) ${missing.join(', ')}, with which credentials are encrypted: put back the key file that belongs to this data directory`,
    );
  }
  const resealed = resealCredentials(store) + resealSources(store);
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
