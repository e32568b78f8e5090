import { Counter, Gauge, Registry } from 'prom-client';
import { backupHealth } from '../domain/backup-health.js';
import { DATABASE_STATUSES } from '../domain/database-status.js';
import { OPERATION_KINDS } from '../domain/operation.js';
import {
  countDatabasesByStatus,
  countUnfinishedOperations,
  listBackupFacts,
  type BackupFacts,
} from '../store/backup-facts.js';
import type { Store } from '../store/store.js';
import type { ApiDeps } from './api-deps.js';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Figure {
  name: string;
  help: string;
  /** It only grows. */
  counts?: true;
  samples: { labels: Record<string, string>; value: number }[];
}

/** What Prometheus reads, of this instant: what is gone leaves nothing behind. */
export function readMetrics(deps: Pick<ApiDeps, 'store' | 'isBackupOverdue'>): Promise<string> {
  const registry = new Registry();
  const figures = [databases(deps.store), operations(deps.store), ...backups(deps), ...ownProcess()];
  for (const { name, help, counts, samples } of figures) {
    const [first] = samples;
    // Without labels it would begin with a 0 that nobody counted.
    if (!first) continue;
    const options = { name, help, labelNames: Object.keys(first.labels), registers: [registry] };
    const metric = counts ? new Counter(options) : new Gauge(options);
    for (const { labels, value } of samples) metric.inc(labels, value);
  }
  return registry.metrics();
}

function databases(store: Store): Figure {
  const counts = countDatabasesByStatus(store);
  const samples = DATABASE_STATUSES.filter((status) => status !== 'deleted').map((status) => ({
    labels: { status },
    value: counts.find((row) => row.status === status)?.count ?? 0,
  }));
  return { name: 'paasdb_databases', help: 'Databases, by their status.', samples };
}

function operations(store: Store): Figure {
  const counts = countUnfinishedOperations(store);
  const samples = OPERATION_KINDS.flatMap((kind) =>
    ['queued', 'running'].map((status) => ({
      labels: { kind, status },
      value: counts.find((row) => row.kind === kind && row.status === status)?.count ?? 0,
    })),
  );
  return { name: 'paasdb_operations', help: 'Operations queued or running, by their kind.', samples };
}

function backups({ store, isBackupOverdue }: Pick<ApiDeps, 'store' | 'isBackupOverdue'>): Figure[] {
  const facts = listBackupFacts(store);
  const health = backupHealth(facts, isBackupOverdue, new Date(store.now()));
  const perDatabase = (timeOf: (database: BackupFacts) => string | null) =>
    facts.flatMap((database) => {
      const { org, app, name } = database;
      const time = timeOf(database);
      return time === null ? [] : [{ labels: { org, app, database: name }, value: Date.parse(time) / 1000 }];
    });
  return [
    {
      name: 'paasdb_backups_overdue',
      help: 'Databases whose last good backup is too old, or that have none although they should.',
      samples: single(health.overdue),
    },
    {
      name: 'paasdb_backup_oldest_last_success_age_seconds',
      help: 'Age of the last good backup, of the database where it is the oldest.',
      samples: single(health.oldestLastGoodAgeSeconds),
    },
    {
      name: 'paasdb_backup_last_success_timestamp_seconds',
      help: 'When the last good backup of a database was begun.',
      samples: perDatabase(({ lastBackupAt }) => lastBackupAt),
    },
    {
      name: 'paasdb_backup_last_verified_timestamp_seconds',
      help: 'When a backup of a database was last restored and found to hold what was dumped.',
      samples: perDatabase(({ lastVerifiedBackupAt }) => lastVerifiedBackupAt),
    },
  ];
}

function ownProcess(): Figure[] {
  const { user, system } = process.cpuUsage();
  const startedAt = Math.round(Date.now() / 1000 - process.uptime());
  return [
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time of the daemon.',
      counts: true,
      samples: single((user + system) / 1e6),
    },
    {
      name: 'process_resident_memory_bytes',
      help: 'Memory of the daemon.',
      samples: single(process.memoryUsage.rss()),
    },
    {
      name: 'process_start_time_seconds',
      help: 'When the daemon was started.',
      samples: single(startedAt),
    },
  ];
}

function single(value: number | null): Figure['samples'] {
  return value === null ? [] : [{ labels: {}, value }];
}
