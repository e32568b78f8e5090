import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { availableVersions, type Installation } from '../test/docker/daemon-fixture.js';
import { until } from '../test/docker/until.js';
import { ByHand } from './by-hand.js';
import type { Figure } from './figure.js';
import { growthBytes } from './memory.js';
import { median } from './statistics.js';

const run = promisify(execFile);
const RUNS = 3;
/** Whatever the version, loads are the same work. */
const LOADED_VERSION = 17;
const GIVE_UP_MS = 30 * 60_000;
/** The answer comes when it is done, and not with the next look. */
const WAIT_S = 60;
const SAMPLE = new URL('sample-data.sql', import.meta.url);

interface OperationBody {
  id: string;
  status: string;
  errorMessage: string | null;
}

interface BackupBody extends OperationBody {
  sizeBytes: number;
}

/**
 * Backups, restores and imports beside what somebody would type.
 *
 * @param scale how many times half a gigabyte
 */
export async function moveFigures(installation: Installation, scale: number): Promise<Figure[]> {
  const sample = readFileSync(SAMPLE, 'utf8').replaceAll(':scale', String(scale));
  const app = await installation.createApp('default', 'moves');
  const folder = mkdtempSync(join(tmpdir(), 'paasdb-bench-'));
  const figures: Figure[] = [];
  try {
    for (const version of await availableVersions()) {
      const path = `${app}/databases/pg${version}`;
      await installation.call('PUT', path, { body: { engineVersion: String(version) }, waitS: 60 });
      const { directHost } = await installation.reach(path, 'ready');
      const { directDsn } = await installation.reveal(path);
      await installation.query(directDsn, sample);
      await installation.query(directDsn, 'VACUUM ANALYZE');
      const subject = {
        installation,
        path,
        byHand: new ByHand(directHost),
        folder,
        name: `PostgreSQL ${version}`,
      };
      figures.push(...(await backupFigures(subject, version >= 16)));
      if (version === LOADED_VERSION)
        figures.push(...(await restoreFigures(subject)), ...(await importFigures(subject)));
      await installation.call('DELETE', `${path}?deleteVolume=true&finalBackup=false`, { waitS: 60 });
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Subject {
  installation: Installation;
  path: string;
  byHand: ByHand;
  folder: string;
  /** For the names of figures. */
  name: string;
}

async function backupFigures(subject: Subject, hasZstd: boolean): Promise<Figure[]> {
  const { installation, byHand, folder, name } = subject;
  const file = join(folder, 'floor.sql.gz');
  const sizes: number[] = [];
  const [value, floor] = await medians(
    async () => {
      const startedMs = performance.now();
      sizes.push((await backUp(subject)).sizeBytes);
      return performance.now() - startedMs;
    },
    () => byHand.dumpAndGzip(file),
  );
  const growth = await growthBytes(installation.pid, () => backUp(subject));
  return [
    {
      name: `backup of ${name}, against pg_dump | gzip`,
      unit: 'ms',
      value,
      floor,
      goal: { atMost: hasZstd ? 0.33 : 1, of: 'ratio' },
    },
    {
      name: `its size`,
      unit: 'MB',
      value: median(sizes) / 1e6,
      floor: statSync(file).size / 1e6,
      ...(hasZstd && { goal: { atMost: 1, of: 'ratio' } }),
    },
    memoryFigure(growth),
  ];
}

async function restoreFigures(subject: Subject): Promise<Figure[]> {
  const { installation, path, byHand, folder } = subject;
  const backup = await backUp(subject);
  const file = join(folder, 'restore.dump');
  await byHand.dumpTo('custom', file);
  const body = { backupId: backup.id, replace: true, confirm: path.split('/').at(-1) };
  const restore = () =>
    post(subject, 'restore', '-H', 'Content-Type: application/json', '-d', JSON.stringify(body));
  const [value, floor] = await medians(restore, () => byHand.restoreTogether(file));
  const growth = await growthBytes(installation.pid, restore);
  return [
    {
      name: 'restore of a backup, against pg_restore -j 2 from a local file',
      unit: 'ms',
      value,
      floor,
      goal: { atMost: 1, of: 'ratio' },
    },
    memoryFigure(growth),
  ];
}

async function importFigures(subject: Subject): Promise<Figure[]> {
  const { installation, byHand, folder } = subject;
  const figures: Figure[] = [];
  for (const [format, floorOf, program] of [
    ['custom', (file: string) => byHand.restore(file), 'pg_restore'],
    ['plain', (file: string) => byHand.script(file), 'psql'],
  ] as const) {
    const file = join(folder, `import.${format}`);
    await byHand.dumpTo(format, file);
    const upload = () => post(subject, 'import?clean=true', '-T', file);
    const [value, floor] = await medians(upload, () => floorOf(file));
    const growth = await growthBytes(installation.pid, upload);
    figures.push(
      {
        name: `import of a ${format} dump, against ${program} by hand`,
        unit: 'ms',
        value,
        floor,
        goal: { atMost: 1, of: 'ratio' },
      },
      memoryFigure(growth),
    );
  }
  return figures;
}

function memoryFigure(growth: number): Figure {
  return {
    name: 'memory that the daemon takes for it',
    unit: 'MB',
    value: growth / 1e6,
    goal: { atMost: 64, of: 'value' },
  };
}

/**
 * The medians of both, in turn: noise of the machine hits them alike. The first pair fills caches and is not counted.
 * Each begins with a quiet disk: what the one before has left to write is not its own.
 */
async function medians(own: () => Promise<number>, floor: () => Promise<number>): Promise<[number, number]> {
  const values: number[] = [];
  const floors: number[] = [];
  for (let index = 0; index <= RUNS; index += 1) {
    await run('sync');
    const floorMs = await floor();
    await run('sync');
    const ownMs = await own();
    if (index === 0) continue;
    floors.push(floorMs);
    values.push(ownMs);
  }
  return [median(values), median(floors)];
}

async function backUp({ installation, path }: Subject): Promise<BackupBody> {
  const { body } = await installation.call<BackupBody>('POST', `${path}/backups`, { waitS: WAIT_S });
  return settled(installation, `${path}/backups/${body.id}`);
}

/** How long it takes from the request, as somebody would type it, to the end of its operation, in ms. */
async function post({ installation, path }: Subject, what: string, ...body: string[]): Promise<number> {
  const startedMs = performance.now();
  const headers = [`Authorization: Bearer ${installation.operatorToken}`, `Prefer: wait=${WAIT_S}`];
  const { stdout } = await run('curl', [
    ...['-sS', '-X', 'POST', ...body],
    ...headers.flatMap((header) => ['-H', header]),
    `${installation.url}${path}/${what}`,
  ]);
  const answer = JSON.parse(stdout) as Partial<OperationBody>;
  if (answer.id === undefined) throw new Error(`${what}: ${stdout}`);
  await settled(installation, `${path}/operations/${answer.id}`);
  return performance.now() - startedMs;
}

async function settled<T extends OperationBody>(installation: Installation, path: string): Promise<T> {
  let last: T | undefined;
  await until(async () => {
    last = (await installation.call<T>('GET', path)).body;
    return last.status === 'succeeded' || last.status === 'failed';
  }, GIVE_UP_MS);
  if (last?.status !== 'succeeded') throw new Error(`${path}: ${last?.errorMessage}`);
  return last;
}
