import type { DatabaseSpec } from '../runtime.js';
import type { Names } from './names.js';
import { poolerContainer, type PoolerBlueprint } from './pooler-container.js';
import { postgresContainer, type PostgresBlueprint } from './postgres-container.js';

/** What decides how containers are made, besides the spec. */
export interface Making {
  prefix: string;
  names: Names;
  /** With `{version}` for the major version. */
  postgresImage: string;
  pgbouncerImage: string;
}

export interface Blueprints {
  postgres: PostgresBlueprint;
  pooler: PoolerBlueprint;
}

/**
 * What the containers of a database shall be.
 *
 * @param bootstrapPassword for a volume that is to be initialised: see `postgresContainer`
 */
export function blueprintsOf(
  spec: DatabaseSpec,
  { prefix, names, postgresImage, pgbouncerImage }: Making,
  bootstrapPassword: string | null = null,
): Blueprints {
  const image = postgresImage.replaceAll('{version}', String(spec.engineVersion));
  return {
    postgres: postgresContainer(spec, { prefix, names, image, bootstrapPassword }),
    pooler: poolerContainer(spec, { prefix, names, image: pgbouncerImage }),
  };
}
