import type { LoadSource } from '../../runtime.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { prepareArchive } from './prepare-archive.js';
import { prepareServer } from './prepare-server.js';
import { prepareScript } from './prepare-script.js';

/** Makes a source ready to be loaded, before anything is made in the target. */
export function prepareSource(
  place: PreparationPlace,
  source: LoadSource,
  signal: AbortSignal,
): Promise<Preparation> {
  switch (source.kind) {
    case 'dump':
      return prepareArchive(place, { ...source, keepsOwners: true }, signal);
    case 'archive':
      return prepareArchive(place, { ...source, keepsOwners: false }, signal);
    case 'script':
      return prepareScript(place, source, signal);
    case 'server':
      return prepareServer(place, source.server, signal);
  }
}
