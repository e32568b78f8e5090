import { readFileSync } from 'node:fs';
import type { Installation } from '../test/docker/daemon-fixture.js';
import type { Figure } from './figure.js';
import { residentBytes } from './memory.js';

const DATABASES = 50;
const TOGETHER = 5;
/** Two rounds of resync and some. */
const WATCH_MS = 75_000;
/** USER_HZ, which Linux fixes at 100 towards user space. */
const TICKS_PER_SECOND = 100;

/** What the daemon takes while it has nothing to do but to watch. */
export async function idleFigures(installation: Installation): Promise<Figure[]> {
  const app = await installation.createApp('default', 'idle');
  const paths = Array.from({ length: DATABASES }, (_, index) => `${app}/databases/idle-${index}`);
  for (let index = 0; index < DATABASES; index += TOGETHER) {
    const batch = paths.slice(index, index + TOGETHER);
    await Promise.all(
      batch.map((path) => installation.call('PUT', path, { body: { plan: 'free' }, waitS: 60 })),
    );
  }
  for (const path of paths) await installation.reach(path, 'ready');
  await pause(5000);
  const before = processorSeconds(installation.pid);
  await pause(WATCH_MS);
  const processor = (processorSeconds(installation.pid) - before) / (WATCH_MS / 1000);
  return [
    {
      name: `resident memory, idle with ${DATABASES} databases`,
      unit: 'MB',
      value: residentBytes(installation.pid) / 1e6,
      goal: { atMost: 120, of: 'value' },
    },
    {
      name: `processor time, idle with ${DATABASES} databases`,
      unit: '% of a core',
      value: processor * 100,
      goal: { atMost: 1, of: 'value' },
    },
  ];
}

function processorSeconds(pid: number): number {
  // The name in parentheses may hold spaces: fields are counted behind it. proc(5).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
