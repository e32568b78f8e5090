import type { Execs } from '../engine/exec.js';
import { restoreArchive, type RestoreJob } from './restore-archive.js';
import { isGrant, restoreGrants } from './restore-grants.js';
import type { TocEntry } from './table-of-contents.js';

/** Restores what `dump` made, with the owners and grants it has. */
export async function restoreDump(
  execs: Execs,
  job: Pick<RestoreJob, 'archive' | 'contents' | 'connection' | 'onProgress'>,
  signal: AbortSignal,
): Promise<void> {
  const { archive, contents, connection } = job;
  const { objects, grants, views } = inOrder(contents.entries);
  const total = objects.length + views.length;
  const restore = async (entries: TocEntry[], before: number) => {
    if (entries.length === 0) return;
    const onProgress = (done: number) => job.onProgress(before + done, total);
    await restoreArchive(execs, { ...job, entries, onProgress }, signal);
  };
  await restore(objects, 0);
  if (grants.length > 0) await restoreGrants(execs, { archive, connection, entries: grants }, signal);
  await restore(views, objects.length);
}

/** As pg_restore does it by itself: a materialised view may be filled with what its owner may read by a grant. */
function inOrder(entries: readonly TocEntry[]): Record<'objects' | 'grants' | 'views', TocEntry[]> {
  const grants = entries.filter(isGrant);
  const views = entries.filter(({ text }) => text.startsWith('MATERIALIZED VIEW DATA '));
  const later = new Set([...grants, ...views]);
  return { objects: entries.filter((entry) => !later.has(entry)), grants, views };
}
