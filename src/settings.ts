import { ORG_NETWORK_BITS } from './domain/cidr.js';
import type { LogLevel } from './logger.js';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const satisfies LogLevel[];

/** What a setting is, for the README and for the messages. */
export interface Setting {
  name: string;
  default: string;
  meaning: string;
}

/** Every setting, in the order in which the README lists them. */
export const SETTINGS = [
  { name: 'HOST', default: '127.0.0.1', meaning: 'address the API listens on' },
  { name: 'PORT', default: '8080', meaning: 'its port; 0 takes a free one' },
  { name: 'DATA_DIR', default: './data', meaning: 'where the control database, the keys and the token lie' },
  {
    name: 'BACKUP_DIR',
    default: '',
    meaning: 'where backups and copies lie, best on another disk; unset: `<data dir>/backups`',
  },
  {
    name: 'BACKUP_SCHEDULE',
    default: '0 3 * * *',
    meaning: 'when databases are backed up: five fields of cron, in UTC',
  },
  {
    name: 'BACKUP_WINDOW_MINUTES',
    default: '60',
    meaning:
      'over how long after that they are spread, each at its own time; never longer than until the next run',
  },
  {
    name: 'BACKUP_RETENTION_DAYS',
    default: '7',
    meaning:
      'how long scheduled and final backups are kept, but for the last good one of each database, and what a restore or an import replaced; and how long backups that failed are listed',
  },
  {
    name: 'BACKUP_VERIFY',
    default: 'scheduled',
    meaning: 'which backups are restored at once to prove them: `scheduled` and final ones, `all`, `none`',
  },
  {
    name: 'BACKUP_ENCRYPTION',
    default: 'copies',
    meaning: 'what of backups is encrypted with age: `copies` in the bucket, `all` files too, `none`',
  },
  {
    name: 'BACKUP_KEY_FILE',
    default: '',
    meaning:
      'age identities that decrypt backups, of which the first encrypts; unset: `<data dir>/backup.key`, made at the first start',
  },
  {
    name: 'S3_BUCKET',
    default: '',
    meaning: 'bucket that each backup is copied into; unset: there are no copies',
  },
  {
    name: 'S3_ENDPOINT',
    default: '',
    meaning: 'URL of the service it is at; unset: Amazon S3 in the region',
  },
  { name: 'S3_REGION', default: 'us-east-1', meaning: 'its region' },
  { name: 'S3_PREFIX', default: '', meaning: 'what the keys of all objects there begin with' },
  { name: 'S3_ACCESS_KEY_ID', default: '', meaning: 'the access key to it' },
  { name: 'S3_SECRET_ACCESS_KEY', default: '', meaning: 'the secret of the access key' },
  {
    name: 'S3_SECRET_ACCESS_KEY_FILE',
    default: '',
    meaning: 'a file that holds the secret, instead of the setting itself',
  },
  {
    name: 'S3_PATH_STYLE',
    default: '',
    meaning:
      'whether URLs have the bucket in their path: `true` or `false`; unset: `true` where there is an endpoint',
  },
  {
    name: 'OPERATOR_TOKEN',
    default: '',
    meaning:
      'the operator’s token, 32 characters or more; unset: made at the first start, in `<data dir>/operator-token`',
  },
  {
    name: 'MASTER_KEY_FILE',
    default: '',
    meaning: 'the keys that encrypt credentials; unset: `<data dir>/master.key`, made at the first start',
  },
  { name: 'POSTGRES_IMAGE', default: 'postgres:{version}-alpine', meaning: 'image of PostgreSQL' },
  { name: 'PGBOUNCER_IMAGE', default: 'edoburu/pgbouncer:v1.26.0-p0', meaning: 'image of the pooler' },
  { name: 'VERSIONS', default: '15,16,17,18', meaning: 'majors on offer; the highest is the default' },
  { name: 'RESOURCE_PREFIX', default: 'paas', meaning: 'what names of containers and volumes begin with' },
  {
    name: 'NETWORK',
    default: 'paas-apps',
    meaning: 'network of the org `default`; other orgs have `<network>-<org>`',
  },
  {
    name: 'SUBNET_POOL',
    default: '10.176.0.0/12',
    meaning: `range out of which each org’s network gets a /${ORG_NETWORK_BITS}; none of the host’s own networks may be in it, nor may it change while there are databases`,
  },
  {
    name: 'IMPORT_ALLOW',
    default: '',
    meaning:
      'networks beside the internet that an import may read a server in, such as `192.168.7.0/24,fd00:7::/64`',
  },
  { name: 'LOG_LEVEL', default: 'info', meaning: LOG_LEVELS.join(', ') },
] as const satisfies Setting[];

export type SettingName = (typeof SETTINGS)[number]['name'];
