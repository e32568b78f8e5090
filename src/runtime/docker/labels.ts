import type { DatabaseSpec } from '../runtime.js';
import type { Labels } from './engine/label-filter.js';

export type Kind =
  | 'postgres'
  | 'pooler'
  | 'data'
  | 'pooler-config'
  | 'network'
  /** The one network with a way out. */
  | 'outside'
  | 'probe'
  /** What a load is done in, and its volume. They carry no `database`, as they are not part of one. */
  | 'workbench'
  | 'scratch'
  /** A throwaway PostgreSQL, and its volume. They carry no `database` either. */
  | 'drill';

export const LABEL = {
  prefix: 'paasdb.prefix',
  kind: 'paasdb.kind',
  database: 'paasdb.database',
  volume: 'paasdb.volume',
  org: 'paasdb.org',
  app: 'paasdb.app',
  name: 'paasdb.name',
  version: 'paasdb.version',
  spec: 'paasdb.spec',
  config: 'paasdb.config',
  load: 'paasdb.load',
  target: 'paasdb.target',
  backup: 'paasdb.backup',
} as const;

/** What tells that a thing is ours, of this kind. */
export function kindLabels(prefix: string, kind: Kind): Labels {
  return { [LABEL.prefix]: prefix, [LABEL.kind]: kind };
}

/** The containers of one database, or all of them. */
export function containerFilter(prefix: string, databaseId?: string): Labels {
  return { [LABEL.prefix]: prefix, ...(databaseId !== undefined && { [LABEL.database]: databaseId }) };
}

export function networkLabels(prefix: string, org: string): Labels {
  return { ...kindLabels(prefix, 'network'), [LABEL.org]: org };
}

/** The labels by which a data volume is known, whichever database uses it now. */
export function volumeIdentity(prefix: string, volumeId: string): Labels {
  return { ...kindLabels(prefix, 'data'), [LABEL.volume]: volumeId };
}

/** All that is needed to write the rows of a database again when only the engine is left. */
export function databaseLabels(prefix: string, kind: Kind, spec: DatabaseSpec): Labels {
  return {
    ...kindLabels(prefix, kind),
    [LABEL.database]: spec.id,
    [LABEL.volume]: spec.volumeId,
    [LABEL.org]: spec.org,
    [LABEL.app]: spec.app,
    [LABEL.name]: spec.name,
    [LABEL.version]: String(spec.engineVersion),
  };
}
