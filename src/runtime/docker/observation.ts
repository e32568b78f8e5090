import type { Container } from './engine/container.js';
import type { LoginOutcome } from './login.js';
import type { Libc, Marker } from './marker.js';

/** What there is of one database, as far as a decision needs it. */
export interface Observation {
  network: 'missing' | 'ours' | 'foreign';
  volume: 'missing' | 'ours' | 'foreign';
  postgres: PostgresObservation | null;
  pooler: PoolerObservation | null;
}

interface ContainerObservation {
  container: Container;
  /** Attached to the org's network as it is now. */
  attached: boolean;
  /** Made as it would be made today. */
  current: boolean;
  /** `unknown` when it does not run. */
  login: LoginOutcome | 'unknown';
}

export interface PostgresObservation extends ContainerObservation {
  marker: Marker | null | 'unreadable';
  /** Whether the volume holds a cluster at all. */
  hasCluster: boolean;
  /** The libc of the image that the next start would use; `null` when that image has yet to be pulled. */
  libc: Libc | 'not-needed' | null;
}

export type PoolerObservation = ContainerObservation;
