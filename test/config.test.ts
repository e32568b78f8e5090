import { resolve } from 'node:path';
import { ConfigError, readConfig } from '../src/config.js';
import { SETTINGS } from '../src/settings.js';

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      dataDir: resolve('data'),
      backupDir: resolve('data/backups'),
      backupSchedule: '0 3 * * *',
      backupWindowMinutes: 60,
      backupRetentionDays: 7,
      backupVerify: 'scheduled',
      backupEncryption: 'copies',
      backupKeyFile: resolve('data/backup.key'),
      bucket: null,
      operatorToken: null,
      masterKeyFile: resolve('data/master.key'),
      postgresImage: 'postgres:{version}-alpine',
      pgbouncerImage: expect.stringMatching(/^\S+pgbouncer:\S+$/),
      versions: [15, 16, 17, 18],
      resourcePrefix: 'paas',
      network: 'paas-apps',
      subnetPool: { base: (10 * 256 + 176) * 65_536, bits: 12 },
      importAllow: [],
      logLevel: 'info',
      dockerHost: null,
      unknown: [],
    });
  });

  it('takes every setting from the environment', () => {
    const token = 'x'.repeat(32);
    expect(
      readConfig({
        PAASDB_HOST: '::1',
        PAASDB_PORT: '0',
        PAASDB_DATA_DIR: '/srv/paasdb',
        PAASDB_OPERATOR_TOKEN: token,
        PAASDB_BACKUP_DIR: '/var/backups/paasdb',
        PAASDB_BACKUP_SCHEDULE: '*/30 1-5 * * MON',
        PAASDB_BACKUP_WINDOW_MINUTES: '0',
        PAASDB_BACKUP_RETENTION_DAYS: '30',
        PAASDB_BACKUP_VERIFY: 'all',
        PAASDB_BACKUP_ENCRYPTION: 'all',
        PAASDB_BACKUP_KEY_FILE: '/run/secrets/backup.key',
        PAASDB_S3_BUCKET: 'copies.example',
        PAASDB_S3_ENDPOINT: 'http://10.0.0.7:9000/',
        PAASDB_S3_REGION: 'eu-central-1',
        PAASDB_S3_PREFIX: 'paas/one/',
        PAASDB_S3_ACCESS_KEY_ID: 'AKIA',
        PAASDB_S3_SECRET_ACCESS_KEY: 'hunter2',
        PAASDB_S3_PATH_STYLE: 'false',
        PAASDB_MASTER_KEY_FILE: '/run/secrets/key',
        PAASDB_POSTGRES_IMAGE: 'registry.example:5000/postgres:{version}',
        PAASDB_PGBOUNCER_IMAGE: 'pooler@sha256:0123',
        PAASDB_VERSIONS: '17, 16,17',
        PAASDB_RESOURCE_PREFIX: 'two',
        PAASDB_NETWORK: 'two-apps',
        PAASDB_SUBNET_POOL: '192.168.0.0/16',
        PAASDB_IMPORT_ALLOW: '192.168.7.0/24, fd00:7::/64,10.1.2.3',
        PAASDB_LOG_LEVEL: 'debug',
        DOCKER_HOST: 'tcp://127.0.0.1:2375',
      }),
    ).toEqual({
      host: '::1',
      port: 0,
      dataDir: '/srv/paasdb',
      backupDir: '/var/backups/paasdb',
      backupSchedule: '*/30 1-5 * * MON',
      backupWindowMinutes: 0,
      backupRetentionDays: 30,
      backupVerify: 'all',
      backupEncryption: 'all',
      backupKeyFile: '/run/secrets/backup.key',
      bucket: {
        endpoint: 'http://10.0.0.7:9000',
        name: 'copies.example',
        region: 'eu-central-1',
        prefix: 'paas/one',
        accessKeyId: 'AKIA',
        secretAccessKey: 'hunter2',
        pathStyle: false,
      },
      operatorToken: token,
      masterKeyFile: '/run/secrets/key',
      postgresImage: 'registry.example:5000/postgres:{version}',
      pgbouncerImage: 'pooler@sha256:0123',
      versions: [16, 17],
      resourcePrefix: 'two',
      network: 'two-apps',
      subnetPool: { base: (192 * 256 + 168) * 65_536, bits: 16 },
      importAllow: [
        { address: '192.168.7.0', bits: 24 },
        { address: 'fd00:7::', bits: 64 },
        { address: '10.1.2.3', bits: 32 },
      ],
      logLevel: 'debug',
      dockerHost: 'tcp://127.0.0.1:2375',
      unknown: [],
    });
  });

  it('takes an empty value for none, as compose files write it', () => {
    const empty = Object.fromEntries(SETTINGS.map(({ name }) => [`PAASDB_${name}`, '']));
    expect(readConfig({ ...empty, DOCKER_HOST: '' })).toEqual(readConfig({}));
  });

  it('keeps the master key beside the data unless told otherwise', () => {
    expect(readConfig({ PAASDB_DATA_DIR: '/srv/paasdb' }).masterKeyFile).toBe('/srv/paasdb/master.key');
  });

  it('is frozen', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('names settings of ours that it does not know, and leaves those of others alone', () => {
    const config = readConfig({
      PAASDB_PROT: '80',
      PAASDB_URL: 'http://localhost',
      PAASDB_TOKEN: 'secret',
      PATH: '/bin',
    });
    expect(config.unknown).toEqual(['PAASDB_PROT']);
  });

  it.each([
    ['HOST', ['a b', 'http://x', '127.0.0.1/8']],
    ['PORT', ['-1', '65536', '80a', '8 0', '1e3', '0x50']],
    ['BACKUP_SCHEDULE', ['daily', '0 3 * *', '0 0 3 * * *', '0 3 * *  *', '@daily', '0 3 * * *\n']],
    ['BACKUP_WINDOW_MINUTES', ['-1', '1441', '1h']],
    ['BACKUP_VERIFY', ['yes', 'ALL', 'scheduled,all']],
    ['OPERATOR_TOKEN', ['short', 'x'.repeat(31), `${'x'.repeat(32)} `, 'x'.repeat(513), 'é'.repeat(32)]],
    ['POSTGRES_IMAGE', ['postgres', 'postgres:17', 'postgres:{version} --privileged']],
    ['PGBOUNCER_IMAGE', ['a b', 'pgbouncer:{version}']],
    ['VERSIONS', ['14', '17,', '17;18', 'latest', '17.1', ',', '100']],
    ['RESOURCE_PREFIX', ['1a', 'A', 'a_b', 'x'.repeat(21), '-a']],
    ['NETWORK', ['1a', 'A', 'a_b', 'x'.repeat(41)]],
    ['SUBNET_POOL', ['10.0.0.0', '10.0.0.0/23', '10.0.0.1/8', 'fd00::/8', 'all']],
    ['BACKUP_ENCRYPTION', ['yes', 'ALL']],
    ['S3_BUCKET', ['a', 'a/b', 'a b', '-ab', 'x'.repeat(64)]],
    ['S3_ENDPOINT', ['s3.example.com', 'ftp://s3', 'https://s3/path', 'https://me:pw@s3', 'https://s3?x']],
    ['S3_REGION', ['eu central', 'a/b']],
    ['S3_PREFIX', ['/a', 'a//b', 'a b']],
    ['S3_PATH_STYLE', ['yes', '1']],
    ['LOG_LEVEL', ['INFO', 'verbose', 'toString']],
  ])('refuses a wrong %s, naming the setting and what is allowed', (name, values) => {
    for (const value of values) {
      expect(faultsOf({ [`PAASDB_${name}`]: value })).toEqual([
        expect.stringMatching(new RegExp(`^PAASDB_${name}=.*: must be .{5,}$`)),
      ]);
    }
  });

  it('tells every fault at once, each on a line of its own', () => {
    const environment = { PAASDB_PORT: 'x', PAASDB_VERSIONS: '9', PAASDB_LOG_LEVEL: 'loud' };
    const faults = faultsOf(environment);
    expect(faults).toHaveLength(3);
    expect(() => readConfig(environment)).toThrow(faults.join('\n'));
    expect(faults.join('\n').split('\n')).toHaveLength(3);
  });

  it('tells a fault on one line although the value has two', () => {
    expect(faultsOf({ PAASDB_HOST: '127.0.0.1\n' }).join('\n').split('\n')).toHaveLength(1);
  });

  const BUCKET = { PAASDB_S3_BUCKET: 'copies', PAASDB_S3_ACCESS_KEY_ID: 'AKIA' };

  it('addresses a bucket by its host at Amazon, and by a path elsewhere', () => {
    const environment = { ...BUCKET, PAASDB_S3_SECRET_ACCESS_KEY: 'hunter2' };
    expect(readConfig(environment).bucket).toMatchObject({ endpoint: null, pathStyle: false });
    const elsewhere = readConfig({ ...environment, PAASDB_S3_ENDPOINT: 'https://s3.example.com' });
    expect(elsewhere.bucket).toMatchObject({ endpoint: 'https://s3.example.com', pathStyle: true });
  });

  it('takes the secret of a bucket from one place, and needs it', () => {
    const file = { PAASDB_S3_SECRET_ACCESS_KEY_FILE: '/run/secrets/s3' };
    expect(readConfig({ ...BUCKET, ...file }).bucket?.secretAccessKey).toEqual({ file: '/run/secrets/s3' });
    expect(faultsOf({ PAASDB_S3_BUCKET: 'copies' })).toEqual([
      expect.stringMatching(/S3_ACCESS_KEY_ID is missing/),
      expect.stringMatching(/needs either PAASDB_S3_SECRET_ACCESS_KEY or/),
    ]);
    const both = faultsOf({ ...BUCKET, ...file, PAASDB_S3_SECRET_ACCESS_KEY: 'hunter2' });
    expect(both).toEqual([expect.stringMatching(/needs either/)]);
    expect(both.join()).not.toContain('hunter2');
  });

  it('does not show a password in an endpoint', () => {
    expect(faultsOf({ PAASDB_S3_ENDPOINT: 'https://me:hunter2@s3' }).join()).not.toContain('hunter2');
  });

  it('does not show the operator’s token', () => {
    expect(faultsOf({ PAASDB_OPERATOR_TOKEN: 'hunter2' }).join('\n')).not.toContain('hunter2');
  });
});
