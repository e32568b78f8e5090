/** What every container is denied: privileges, a writable system, and more than its share of memory. */
export function hardened({
  memoryBytes,
  pids,
  tmpfs,
}: {
  memoryBytes: number;
  pids: number;
  /** Writable folders that are empty at every start, in MiB. */
  tmpfs: Readonly<Record<string, number>>;
}) {
  return {
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Privileged: false,
    ReadonlyRootfs: true,
    Init: false,
    Tmpfs: Object.fromEntries(
      Object.entries(tmpfs).map(([path, mib]) => [path, `rw,nosuid,nodev,noexec,mode=1777,size=${mib}m`]),
    ),
    PidsLimit: pids,
    Memory: memoryBytes,
    // The sum with swap: none.
    MemorySwap: memoryBytes,
    LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } },
    RestartPolicy: { Name: 'unless-stopped' },
  };
}
