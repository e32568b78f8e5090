import type { SizedBytes } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import { leaveOut, NOT_LOADABLE } from '../archive/leave-out.js';
import { listArchive, type PlacedArchive } from '../archive/list-archive.js';
import { requireEncoding } from '../archive/require-encoding.js';
import { restoreArchive } from '../archive/restore-archive.js';
import { restoreDump } from '../archive/restore-dump.js';
import { putFile } from '../files/put-file.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { scratchFolder } from '../workbench/workbench.js';

const LOADING = 'Loading the data';

/** Copies an archive into the workbench, where pg_restore can go to and fro in it, and looks into it. */
export async function prepareArchive(
  place: PreparationPlace,
  { open, sizeBytes, keepsOwners }: SizedBytes & { keepsOwners: boolean },
  signal: AbortSignal,
): Promise<Preparation> {
  const { engine, containerId, major, onProgress } = place;
  const archive = { containerId, path: `${scratchFolder(major)}/archive` };
  onProgress('Copying the archive', 0, 1);
  await putFile(engine, { ...archive, open, sizeBytes }, signal);
  return preparePlaced(place, archive, { keepsOwners }, signal);
}

/** Looks into an archive that is in the workbench. */
export async function preparePlaced(
  place: PreparationPlace,
  archive: PlacedArchive,
  { keepsOwners }: { keepsOwners: boolean },
  signal: AbortSignal,
): Promise<Preparation> {
  const { engine, major, onProgress } = place;
  const contents = await listArchive(engine.execs, archive, major, signal);
  if (contents.entries.length === 0 && contents.serverMajor === null) {
    throw new RuntimeError('archive_unusable', 'The archive has nothing in it');
  }
  const job = {
    archive,
    contents,
    onProgress: (done: number, total: number) => onProgress(LOADING, done, total),
  };
  if (keepsOwners) {
    return {
      keepsOwners,
      source: null,
      load: async (connection, inner) => {
        await restoreDump(engine.execs, { ...job, connection }, inner);
        return [];
      },
    };
  }
  await requireEncoding(engine.execs, archive, signal);
  const { entries, skipped } = leaveOut(contents.entries, place.loadableExtensions);
  const skippedExtensions = skipped
    .filter(({ reason }) => reason === NOT_LOADABLE)
    .map(({ what }) => what.replace('extension ', ''));
  return {
    keepsOwners,
    source: null,
    load: async (connection, inner) => {
      const mine = { ...job, connection, entries, withoutOwners: true, skippedExtensions };
      await restoreArchive(engine.execs, mine, inner);
      return skipped;
    },
  };
}
