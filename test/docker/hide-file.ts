import { execFileSync } from 'node:child_process';

/** Takes a table's file away, as a disk that fails does: what is in it cannot be read. */
export function hideFile(container: string, path: string): void {
  inDataFolder(container, `psql -q -c CHECKPOINT && mv ${path} away`);
}

export function bringBack(container: string, path: string): void {
  inDataFolder(container, `mv away ${path}`);
}

function inDataFolder(container: string, command: string): void {
  execFileSync('docker', ['exec', '-u', 'postgres', container, 'sh', '-c', `cd "$PGDATA" && ${command}`]);
}
