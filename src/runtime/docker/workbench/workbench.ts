import { dataLayout } from '../data-layout.js';
import { hardened } from '../hardening.js';
import { kindLabels, LABEL } from '../labels.js';

/** After which a workbench ends by itself, and with it whatever still runs in it, in seconds. */
const LIFE_S = 25 * 60 * 60;
const MIB = 1024 ** 2;

/** What a workbench is made for. */
export interface Purpose {
  /** Of the load. */
  loadId: string;
  /** The database that is loaded, so that what died can be cleared away there. */
  databaseId: string;
}

/** Its one volume, in a place that the image declares as one: elsewhere Docker would add one without a name. */
export function scratchFolder(major: number): string {
  return dataLayout(major).mountPath;
}

/** In memory only. */
export const PASS_FILE = '/tmp/pgpass';

/** The container in which PostgreSQL's programs read what strangers wrote. It only waits. */
export function workbenchBody(
  { loadId, databaseId }: Purpose,
  {
    prefix,
    name,
    imageId,
    major,
    network,
  }: { prefix: string; name: string; imageId: string; major: number; network: string },
) {
  return {
    Image: imageId,
    User: 'postgres',
    Entrypoint: ['sleep', String(LIFE_S)],
    Cmd: [],
    // Nothing in it is worth that a host waits for it to shut down.
    StopSignal: 'SIGKILL',
    WorkingDir: '/tmp',
    Labels: { ...kindLabels(prefix, 'workbench'), [LABEL.load]: loadId, [LABEL.target]: databaseId },
    HostConfig: {
      ...hardened({ memoryBytes: 512 * MIB, pids: 64, tmpfs: { '/tmp': 64 } }),
      RestartPolicy: { Name: 'no' },
      NetworkMode: network,
      Mounts: [{ Type: 'volume', Source: name, Target: scratchFolder(major) }],
    },
    NetworkingConfig: { EndpointsConfig: { [network]: {} } },
  };
}
