import { sha256 } from '../../secrets/digest.js';

export const DEFAULT_ORG = 'default';

/**
 * What things are called. Identifiers are random and never an app's or a database's name: Docker hands out an
 * existing volume of the same name without a word, and with it one tenant's data to another.
 */
export interface Names {
  postgres(databaseId: string): string;
  pooler(databaseId: string): string;
  /** The data. */
  volume(volumeId: string): string;
  /** The pooler's files. */
  poolerVolume(databaseId: string): string;
  network(org: string): string;
  /** What a load is done in, and its volume. */
  workbench(loadId: string): string;
  /** A throwaway PostgreSQL for a backup, and its volume. */
  drill(backupId: string): string;
  /** The network with a way out. No org can be called so. */
  outside: string;
}

/**
 * @param prefix begins the name of every container and volume
 * @param network the network of the org `default`, which begins the names of the others
 */
export function namesWith({ prefix, network }: { prefix: string; network: string }): Names {
  return {
    postgres: (databaseId) => `${prefix}-db-${databaseId}`,
    pooler: (databaseId) => `${prefix}-pgbouncer-${databaseId}`,
    volume: (volumeId) => `${prefix}-db-${volumeId}`,
    poolerVolume: (databaseId) => `${prefix}-pgbouncer-${databaseId}`,
    network: (org) => (org === DEFAULT_ORG ? network : `${network}-${org}`),
    workbench: (loadId) => `${prefix}-load-${loadId}`,
    drill: (backupId) => `${prefix}-drill-${backupId}`,
    outside: `${network}_outside`,
  };
}

/** A short fingerprint by which a changed configuration is told. */
export function fingerprint(value: unknown): string {
  return sha256(JSON.stringify(value)).toString('hex').slice(0, 16);
}
