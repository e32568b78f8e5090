import { removeFile, whatIs } from './files.js';
import type { Place } from './place.js';

/**
 * Removes what a process that died left of a backup that it was writing, and returns the paths. Nobody may be
 * writing it now.
 *
 * A manifest has its final name a moment before its dump: where the dump's is still the unfinished one, the
 * manifest goes too, for nothing else can have made it (no draft begins where there is one). It goes first: as
 * long as it is there, so is what tells that it may go. Nothing is awaited, so that no draft begins meanwhile.
 */
export function removeLeftovers(place: Place): string[] {
  const cutShort =
    whatIs(place.unfinishedDump) === 'file' &&
    [place.dump, place.encryptedDump].every((path) => whatIs(path) === 'nothing');
  const leftovers = [
    ...(cutShort ? [place.manifest] : []),
    place.unfinishedManifest,
    place.unfinishedDump,
  ].filter((path) => whatIs(path) === 'file');
  for (const path of leftovers) removeFile(path);
  return leftovers;
}
