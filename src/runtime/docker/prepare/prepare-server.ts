import type { SourceServer } from '../../runtime.js';
import { putText } from '../files/put-text.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { preparePlaced } from './prepare-archive.js';
import { PASS_FILE, scratchFolder } from '../workbench/workbench.js';
import { dumpSource } from '../source/dump-source.js';
import { passLine, sourceConnection } from '../source/source-connection.js';

/** Dumps a server elsewhere into the workbench. From there on it is an archive of a stranger's. */
export async function prepareServer(
  place: PreparationPlace,
  server: SourceServer,
  signal: AbortSignal,
): Promise<Preparation> {
  const { engine, containerId, major, onProgress, withSourceBench } = place;
  const { execs } = engine;
  const path = `${scratchFolder(major)}/archive`;
  const connection = sourceConnection(server, major);
  const text = passLine(server.password);
  onProgress('Looking at the source', 0, 1);
  const source = await withSourceBench(async (benchId) => {
    await putText(execs, { containerId: benchId, path: PASS_FILE, text }, signal);
    const onMib = (mib: number) => onProgress(`Dumping the source (${mib} MiB so far)`, 0, 1);
    return dumpSource({ execs, containerId: benchId, server, connection, major }, { path, onMib }, signal);
  }, signal);
  return { ...(await preparePlaced(place, { containerId, path }, { keepsOwners: false }, signal)), source };
}
