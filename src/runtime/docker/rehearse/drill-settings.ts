const MIB = 1024 ** 2;

/**
 * PostgreSQL's settings where nothing has to last and nobody else is, as on its command line. What a crash loses
 * is made anew.
 */
export function drillSettings(memoryBytes: number): Record<string, string> {
  const memoryMib = memoryBytes / MIB;
  return {
    // Not for the network, which it does not have: the temporary server of an initialisation does not listen there.
    listen_addresses: '127.0.0.1',
    max_connections: '20',
    // In all as many as where there are more connections: each table that is counted takes one.
    max_locks_per_transaction: '512',
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    // What is copied into a table of the same transaction is not logged at all.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '1GB',
    checkpoint_timeout: '1h',
    autovacuum: 'off',
    jit: 'off',
    shared_buffers: within(memoryMib / 4, 32, 4096),
    work_mem: within(memoryMib / 32, 4, 64),
    maintenance_work_mem: within(memoryMib / 16, 32, 1024),
  };
}

function within(mib: number, least: number, most: number): string {
  return `${Math.floor(Math.min(most, Math.max(least, mib)))}MB`;
}
