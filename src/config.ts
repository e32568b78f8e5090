import { resolve } from 'node:path';
import { BACKUP_VERIFY, type BackupVerify } from './domain/backup.js';
import { parseRange, type AddressRange } from './domain/address-rules.js';
import { ORG_NETWORK_BITS, parseCidr, type Cidr } from './domain/cidr.js';
import { parseEndpoint, type BucketConfig } from './domain/bucket.js';
import type { LogLevel } from './logger.js';
import { LOG_LEVELS, SETTINGS, type SettingName } from './settings.js';

const PREFIX = 'PAASDB_';

/** What an operator's environment may hold for a client of the API. */
const FOREIGN = ['PAASDB_URL', 'PAASDB_TOKEN'];

/** Which backups are encrypted: none, the copies in the bucket, or all files. */
export const BACKUP_ENCRYPTIONS = ['none', 'copies', 'all'] as const;
export type BackupEncryption = (typeof BACKUP_ENCRYPTIONS)[number];

export interface Config {
  host: string;
  port: number;
  dataDir: string;
  backupDir: string;
  /** Five fields of cron. Whether they can be used, the schedule says at the start. */
  backupSchedule: string;
  backupWindowMinutes: number;
  backupRetentionDays: number;
  backupVerify: BackupVerify;
  backupEncryption: BackupEncryption;
  backupKeyFile: string;
  /** Where copies of backups go; `null`: nowhere. */
  bucket: BucketConfig | null;
  /** `null`: made at the first start and kept in the data directory. */
  operatorToken: string | null;
  masterKeyFile: string;
  /** With `{version}` where the major goes. */
  postgresImage: string;
  pgbouncerImage: string;
  /** Ascending. The last is the default. */
  versions: readonly number[];
  resourcePrefix: string;
  network: string;
  subnetPool: Cidr;
  /** Networks that are not the internet's and that imports may connect to all the same. */
  importAllow: readonly AddressRange[];
  logLevel: LogLevel;
  /** `null`: where the docker command finds the engine by default. */
  dockerHost: string | null;
  /** Settings with our prefix that this version does not know. */
  unknown: readonly string[];
}

/** Values that no message shows. An endpoint that is faulty may hold a password. */
const SECRET: readonly SettingName[] = ['OPERATOR_TOKEN', 'S3_SECRET_ACCESS_KEY', 'S3_ENDPOINT'];

/** The environment cannot be used. One line per fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/** Reads the configuration. Throws a `ConfigError` with every fault at once. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const faults: string[] = [];
  const text = (name: SettingName): string => {
    const value = environment[PREFIX + name];
    return value === undefined || value === ''
      ? (SETTINGS.find((s) => s.name === name)?.default ?? '')
      : value;
  };
  const read = <T>(name: SettingName, parse: (value: string) => T | null, allowed: string): T | null => {
    const parsed = parse(text(name));
    if (parsed === null) faults.push(`${PREFIX}${name}=${shown(name, text(name))}: must be ${allowed}`);
    return parsed;
  };

  const dataDir = resolve(text('DATA_DIR'));
  const beside = (name: SettingName, file: string) =>
    resolve(dataDir, text(name) === '' ? file : resolve(text(name)));
  const values = {
    host: read('HOST', matching(/^[A-Za-z0-9.:-]+$/), 'an address to listen on, such as 127.0.0.1'),
    port: read('PORT', (value) => wholeNumber(value, 0, 65_535), 'a port from 0 to 65535'),
    backupSchedule: read(
      'BACKUP_SCHEDULE',
      matching(/^[^ \t\n]+( [^ \t\n]+){4}$/),
      'five fields of cron, in UTC, such as 0 3 * * *',
    ),
    backupWindowMinutes: read(
      'BACKUP_WINDOW_MINUTES',
      (value) => wholeNumber(value, 0, 1440),
      'a number of minutes from 0 to 1440',
    ),
    backupVerify: read(
      'BACKUP_VERIFY',
      (value) => BACKUP_VERIFY.find((which) => which === value) ?? null,
      BACKUP_VERIFY.join(', '),
    ),
    backupRetentionDays: read(
      'BACKUP_RETENTION_DAYS',
      (value) => wholeNumber(value, 1, 3650),
      'a number of days from 1 to 3650',
    ),
    backupEncryption: read(
      'BACKUP_ENCRYPTION',
      (value) => BACKUP_ENCRYPTIONS.find((what) => what === value) ?? null,
      BACKUP_ENCRYPTIONS.join(', '),
    ),
    s3Bucket: read('S3_BUCKET', matching(/^$|^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/), 'the name of a bucket'),
    s3Endpoint: read('S3_ENDPOINT', parseEndpoint, 'a URL such as https://s3.example.com, without a path'),
    s3Region: read('S3_REGION', matching(/^[A-Za-z0-9-]{1,40}$/), 'a region such as eu-central-1'),
    s3Prefix: read(
      'S3_PREFIX',
      matching(/^$|^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*\/?$/),
      'names with slashes between them, such as paas/one',
    ),
    s3PathStyle: read('S3_PATH_STYLE', matching(/^(true|false)?$/), 'true or false'),
    operatorToken: read(
      'OPERATOR_TOKEN',
      matching(/^$|^[\x21-\x7e]{32,512}$/),
      'at least 32 characters without spaces',
    ),
    postgresImage: read(
      'POSTGRES_IMAGE',
      matching(/^\S*\{version\}\S*$/),
      'an image with {version} in its name',
    ),
    pgbouncerImage: read('PGBOUNCER_IMAGE', matching(/^[^\s{}]+$/), 'an image'),
    versions: read('VERSIONS', parseVersions, 'majors of PostgreSQL from 15 on, such as 16,17'),
    resourcePrefix: read(
      'RESOURCE_PREFIX',
      matching(/^[a-z][a-z0-9-]{0,19}$/),
      'up to 20 lower-case letters, digits and hyphens',
    ),
    network: read(
      'NETWORK',
      matching(/^[a-z][a-z0-9-]{0,39}$/),
      'up to 40 lower-case letters, digits and hyphens',
    ),
    subnetPool: read(
      'SUBNET_POOL',
      parsePool,
      `an IPv4 range of at least a /${ORG_NETWORK_BITS}, such as 10.176.0.0/12`,
    ),
    importAllow: read(
      'IMPORT_ALLOW',
      parseRanges,
      'addresses or ranges of them with commas between, such as 192.168.7.0/24,fd00:7::/64',
    ),
    logLevel: read(
      'LOG_LEVEL',
      (value) => LOG_LEVELS.find((level) => level === value) ?? null,
      LOG_LEVELS.join(', '),
    ),
  };
  const secret = text('S3_SECRET_ACCESS_KEY');
  const secretFile = text('S3_SECRET_ACCESS_KEY_FILE');
  const accessKeyId = text('S3_ACCESS_KEY_ID');
  if (values.s3Bucket !== null && values.s3Bucket !== '') {
    if (accessKeyId === '') faults.push(`${PREFIX}S3_ACCESS_KEY_ID is missing: ${PREFIX}S3_BUCKET needs it`);
    if ((secret === '') === (secretFile === '')) {
      faults.push(
        `${PREFIX}S3_BUCKET needs either ${PREFIX}S3_SECRET_ACCESS_KEY or ${PREFIX}S3_SECRET_ACCESS_KEY_FILE`,
      );
    }
  }
  if (!allPresent(values) || faults.length > 0) throw new ConfigError(faults);
  const { s3Bucket, s3Endpoint, s3Region, s3Prefix, s3PathStyle, ...others } = values;
  const known = new Set([...SETTINGS.map(({ name }) => PREFIX + name), ...FOREIGN]);
  return Object.freeze({
    ...others,
    dataDir,
    bucket:
      s3Bucket === ''
        ? null
        : {
            endpoint: s3Endpoint === '' ? null : s3Endpoint,
            name: s3Bucket,
            region: s3Region,
            prefix: s3Prefix.replace(/\/$/, ''),
            accessKeyId,
            secretAccessKey: secretFile === '' ? secret : { file: resolve(secretFile) },
            pathStyle: s3PathStyle === '' ? s3Endpoint !== '' : s3PathStyle === 'true',
          },
    operatorToken: values.operatorToken === '' ? null : values.operatorToken,
    backupDir: beside('BACKUP_DIR', 'backups'),
    backupKeyFile: beside('BACKUP_KEY_FILE', 'backup.key'),
    masterKeyFile: beside('MASTER_KEY_FILE', 'master.key'),
    dockerHost:
      environment.DOCKER_HOST === undefined || environment.DOCKER_HOST === ''
        ? null
        : environment.DOCKER_HOST,
    unknown: Object.keys(environment).filter((name) => name.startsWith(PREFIX) && !known.has(name)),
  });
}

function allPresent<T extends object>(values: T): values is { [K in keyof T]: NonNullable<T[K]> } {
  return Object.values(values).every((value) => value !== null);
}

/** The value of a setting on one line: a stray line end, as files bring it, is shown as what it is. */
function shown(name: SettingName, value: string): string {
  return SECRET.includes(name) ? '(not shown)' : JSON.stringify(value).slice(1, -1);
}

function matching(pattern: RegExp): (value: string) => string | null {
  return (value) => (pattern.test(value) ? value : null);
}

function wholeNumber(value: string, min: number, max: number): number | null {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  return number >= min && number <= max ? number : null;
}

function parseVersions(value: string): number[] | null {
  const versions = value.split(',').map((part) => wholeNumber(part.trim(), 15, 99));
  const numbers = versions.filter((version) => version !== null);
  return numbers.length === versions.length ? [...new Set(numbers)].sort((a, b) => a - b) : null;
}

function parseRanges(value: string): AddressRange[] | null {
  if (value.trim() === '') return [];
  const ranges = value.split(',').map((part) => parseRange(part.trim()));
  return ranges.every((range) => range !== null) ? ranges : null;
}

function parsePool(value: string): Cidr | null {
  const pool = parseCidr(value);
  return pool && pool.bits <= ORG_NETWORK_BITS ? pool : null;
}
