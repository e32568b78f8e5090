import { readFileSync, writeFileSync } from 'node:fs';

/** What a process has in memory, in bytes. proc(5). */
export function residentBytes(pid: number): number {
  return read(pid, 'VmRSS');
}

/** By how much the memory of a process grew at the most while something was done, in bytes. */
export async function growthBytes(pid: number, work: () => Promise<unknown>): Promise<number> {
  // Has the peak begin anew.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = residentBytes(pid);
  await work();
  return read(pid, 'VmHWM') - before;
}

function read(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}
