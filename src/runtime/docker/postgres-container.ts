import { TENANT_DATABASE } from '../../domain/environment.js';
import type { DatabaseSpec } from '../runtime.js';
import type { Blueprint } from './blueprint.js';
import { dataLayout } from './data-layout.js';
import { hardened } from './hardening.js';
import { databaseLabels, LABEL } from './labels.js';
import { fingerprint, type Names } from './names.js';
import { maxConnections, postgresSettings, sharedMemoryBytes } from './postgres-settings.js';

/** How long PostgreSQL may take to shut down before it is killed, in seconds. */
export const POSTGRES_STOP_S = 120;

/** `initdb`: no `trust` over TCP, checksums, and ICU, because musl's own locales sort like C. */
const INITDB_ARGS = [
  '--auth-host=scram-sha-256',
  '--data-checksums',
  '--encoding=UTF8',
  '--locale=C.UTF-8',
  '--locale-provider=icu',
  '--icu-locale=en-US',
];

export type PostgresBlueprint = Blueprint;

/**
 * The container of PostgreSQL. What a release changes here, each database gets with its next restart.
 *
 * @param bootstrapPassword the superuser's during the initialisation, for a volume that is to be initialised.
 *   Without it the image refuses to initialise: a volume that turns out to be empty stays empty.
 */
export function postgresContainer(
  spec: DatabaseSpec,
  {
    prefix,
    names,
    image,
    bootstrapPassword,
  }: {
    prefix: string;
    names: Names;
    image: string;
    bootstrapPassword: string | null;
  },
): PostgresBlueprint {
  const settings = postgresSettings(spec.resources, spec.pool);
  const network = names.network(spec.org);
  const mount = { volume: names.volume(spec.volumeId), path: dataLayout(spec.engineVersion).mountPath };
  const labels = databaseLabels(prefix, 'postgres', spec);
  const body = {
    Image: image,
    User: 'postgres',
    Cmd: ['postgres', ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    StopTimeout: POSTGRES_STOP_S,
    Labels: labels,
    HostConfig: {
      ...hardened({
        memoryBytes: spec.resources.memoryBytes,
        pids: maxConnections(spec.resources, spec.pool) + 128,
        tmpfs: { '/tmp': 64, '/var/run/postgresql': 1 },
      }),
      ShmSize: sharedMemoryBytes(spec.resources),
      NetworkMode: network,
      Mounts: [{ Type: 'volume', Source: mount.volume, Target: mount.path }],
    },
    NetworkingConfig: { EndpointsConfig: { [network]: {} } },
  };
  const config = fingerprint(body);
  // What rows say and no more: a plan that gets another field must not restart what has it.
  const { engineVersion, volumeId, org } = spec;
  const asked = fingerprint({ engineVersion, volumeId, org, memoryBytes: spec.resources.memoryBytes });
  return {
    name: names.postgres(spec.id),
    image,
    spec: asked,
    config,
    mount,
    body: {
      ...body,
      Labels: { ...labels, [LABEL.spec]: asked, [LABEL.config]: config },
      Env: initialisation(bootstrapPassword),
    },
  };
}

/** The environment by which the image initialises an empty volume; none without a password. */
export function initialisation(bootstrapPassword: string | null): string[] {
  if (bootstrapPassword === null) return [];
  return [
    `POSTGRES_DB=${TENANT_DATABASE}`,
    `POSTGRES_PASSWORD=${bootstrapPassword}`,
    `POSTGRES_INITDB_ARGS=${INITDB_ARGS.join(' ')}`,
  ];
}
