import type { Pool, Resources } from '../../domain/plans.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** PostgreSQL's settings for a plan, as on its command line. Sizes are in MiB. */
export function postgresSettings(resources: Resources, pool: Pool): Record<string, string> {
  const memory = resources.memoryBytes / MIB;
  const connections = maxConnections(resources, pool);
  const walMib = clamp(resources.storageBytes / MIB / 8, 128, 4096);
  return {
    listen_addresses: '*',
    max_connections: String(connections),
    shared_buffers: mib(memory / 4),
    effective_cache_size: mib((memory * 3) / 4),
    // A sort or a hash may take it several times over, but few connections sort at once.
    work_mem: mib(clamp(memory / 4 / pool.size, 2, 64)),
    maintenance_work_mem: mib(clamp(memory / 16, 16, 1024)),
    max_wal_size: mib(walMib),
    // Debian's and Alpine's builds have JIT, and its compiler takes more memory than a small plan has.
    ...(resources.memoryBytes < 2 * GIB && { jit: 'off' }),
    // A socket that a vanished client left open is noticed within two minutes.
    tcp_keepalives_idle: '60',
    tcp_keepalives_interval: '15',
    tcp_keepalives_count: '4',
  };
}

/** The pool, and as many again that come directly: migrations, dumps, people. */
export function maxConnections(resources: Resources, pool: Pool): number {
  return pool.size + clamp(resources.memoryBytes / (16 * MIB), 30, 180);
}

/** Shared memory of parallel queries, in bytes; Docker's own 64 MiB fail the first larger hash join. */
export function sharedMemoryBytes(resources: Resources): number {
  return Math.max(64 * MIB, Math.floor(resources.memoryBytes / 4));
}

function mib(value: number): string {
  return `${Math.floor(value)}MB`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.floor(Math.min(most, Math.max(least, value)));
}
