import type { DatabaseSpec } from '../runtime.js';
import type { Blueprint } from './blueprint.js';
import { hardened } from './hardening.js';
import { databaseLabels, LABEL } from './labels.js';
import { fingerprint, type Names } from './names.js';
import { poolerFiles, POOLER_FOLDER, POOLER_INI, type PoolerFiles } from './pooler-config.js';

/** How long transactions may take to end when the pooler stops, in seconds. */
export const POOLER_STOP_S = 10;

const MEMORY_BYTES = 64 * 1024 ** 2;

export interface PoolerBlueprint extends Blueprint {
  files: PoolerFiles;
}

/**
 * The container of the pooler. Its files lie in a small volume: Docker puts files into a read-only system
 * nowhere else, and a tmpfs is empty after the host was restarted, which the pooler has to survive alone.
 */
export function poolerContainer(
  spec: DatabaseSpec,
  { prefix, names, image }: { prefix: string; names: Names; image: string },
): PoolerBlueprint {
  const files = poolerFiles(spec, names.postgres(spec.id));
  const network = names.network(spec.org);
  const mount = { volume: names.poolerVolume(spec.id), path: POOLER_FOLDER };
  const labels = databaseLabels(prefix, 'pooler', spec);
  const fileLimit = 2 * (spec.pool.maxClientConnections + spec.pool.size) + 64;
  const body = {
    Image: image,
    User: 'postgres',
    Entrypoint: ['pgbouncer', POOLER_INI],
    Cmd: [],
    // Since 1.23 SIGTERM waits until the last client has left; SIGINT waits for transactions only.
    StopSignal: 'SIGINT',
    StopTimeout: POOLER_STOP_S,
    Labels: labels,
    HostConfig: {
      ...hardened({ memoryBytes: MEMORY_BYTES, pids: 16, tmpfs: { '/tmp': 1, '/var/run/postgresql': 1 } }),
      Ulimits: [{ Name: 'nofile', Soft: fileLimit, Hard: fileLimit }],
      NetworkMode: network,
      // Nothing of the image is wanted there, and root owns what the pooler must not write.
      Mounts: [{ Type: 'volume', Source: mount.volume, Target: mount.path, VolumeOptions: { NoCopy: true } }],
    },
    NetworkingConfig: { EndpointsConfig: { [network]: {} } },
  };
  const config = fingerprint({ body, files });
  const { org, login } = spec;
  const asked = fingerprint({ org, role: login.role, verifier: login.verifier });
  return {
    name: names.pooler(spec.id),
    image,
    spec: asked,
    config,
    body: { ...body, Labels: { ...labels, [LABEL.spec]: asked, [LABEL.config]: config } },
    mount,
    files,
  };
}
