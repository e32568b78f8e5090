import { RuntimeError, type OpenBytes } from '../../runtime.js';
import type { Connection } from './connection.js';
import { leaveOut, NOT_LOADABLE } from './leave-out.js';
import { listArchive, restoreArchive, type PlacedArchive } from './pg-restore.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { putFile } from './put-file.js';
import { isGrant, restoreGrants } from './restore-grants.js';
import type { TocEntry } from './table-of-contents.js';
import { scratchFolder } from './workbench.js';

const LOADING = 'Loading the data';

/** Copies an archive into the workbench, where pg_restore can go to and fro in it, and looks into it. */
export async function prepareArchive(
  place: PreparationPlace,
  { open, keepsOwners }: { open: OpenBytes; keepsOwners: boolean },
  signal: AbortSignal,
): Promise<Preparation> {
  const { engine, containerId, major, onProgress } = place;
  const archive = { containerId, path: `${scratchFolder(major)}/archive` };
  onProgress('Copying the archive', 0, 1);
  await putFile(engine.execs, { ...archive, open }, signal);
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
    const restore = (connection: Connection, entries: TocEntry[], inner: AbortSignal) =>
      entries.length === 0
        ? Promise.resolve()
        : restoreArchive(engine.execs, { ...job, connection, entries }, inner);
    return {
      keepsOwners,
      source: null,
      load: async (connection, inner) => {
        const { objects, grants, views } = inOrder(contents.entries);
        await restore(connection, objects, inner);
        if (grants.length > 0) {
          await restoreGrants(engine.execs, { archive, connection, entries: grants }, inner);
        }
        await restore(connection, views, inner);
        return [];
      },
    };
  }
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

/** As pg_restore does it by itself: a materialised view may be filled with what its owner may read by a grant. */
function inOrder(entries: readonly TocEntry[]): Record<'objects' | 'grants' | 'views', TocEntry[]> {
  const grants = entries.filter(isGrant);
  const views = entries.filter(({ text }) => text.startsWith('MATERIALIZED VIEW DATA '));
  const later = new Set([...grants, ...views]);
  return { objects: entries.filter((entry) => !later.has(entry)), grants, views };
}
