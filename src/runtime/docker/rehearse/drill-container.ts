import type { Rehearsal, SizedBytes } from '../../runtime.js';
import type { Blueprint } from '../blueprint.js';
import { dataLayout } from '../data-layout.js';
import { hardened } from '../hardening.js';
import { kindLabels, LABEL } from '../labels.js';
import { initialisation } from '../postgres-container.js';
import { drillSettings } from './drill-settings.js';

const MIB = 1024 ** 2;

export type DrillBlueprint = Pick<Blueprint, 'name' | 'image' | 'body' | 'mount'> & {
  /** Where the archive is put: in the same volume as the data, and not among them. */
  archivePath: string;
};

/**
 * The container of a PostgreSQL that nobody reaches: it has no network but its own loopback.
 *
 * @param image its id, or its reference
 * @param password the superuser's, which is not used: the image does not start without one
 */
export function drillContainer(
  { backupId, engineVersion, memoryBytes }: Omit<Rehearsal, keyof SizedBytes>,
  { prefix, name, image, password }: { prefix: string; name: string; image: string; password: string },
): DrillBlueprint {
  const { mountPath } = dataLayout(engineVersion);
  const settings = Object.entries(drillSettings(memoryBytes));
  return {
    name,
    image,
    mount: { volume: name, path: mountPath },
    archivePath: `${mountPath}/backup.dump`,
    body: {
      Image: image,
      User: 'postgres',
      Cmd: ['postgres', ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`])],
      Env: [`PGDATA=${mountPath}/pgdata`, ...initialisation(password)],
      Labels: drillLabels(prefix, backupId),
      HostConfig: {
        ...hardened({ memoryBytes, pids: 128, tmpfs: { '/tmp': 64, '/var/run/postgresql': 1 } }),
        RestartPolicy: { Name: 'no' },
        ShmSize: Math.max(64 * MIB, Math.floor(memoryBytes / 4)),
        NetworkMode: 'none',
        Mounts: [{ Type: 'volume', Source: name, Target: mountPath }],
      },
    },
  };
}

/** By which what a drill makes is known: the container and its volume. */
export function drillLabels(prefix: string, backupId: string) {
  return { ...kindLabels(prefix, 'drill'), [LABEL.backup]: backupId };
}
