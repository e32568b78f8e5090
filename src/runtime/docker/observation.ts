import type { DatabaseSpec } from '../runtime.js';
import type { Container } from './engine/container.js';
import type { LoginOutcome } from './login.js';
import type { Libc, Marker } from './marker.js';

/** What there is of one database, as far as a decision needs it. */
export interface Observation {
  network: 'missing' | 'ours' | 'foreign';
  volume: 'missing' | 'ours' | 'foreign';
  /** The name of another container that runs on the volume. */
  volumeUser: string | null;
  postgres: PostgresObservation | null;
  pooler: PoolerObservation | null;
}

interface ContainerObservation {
  container: Container;
  /** Attached to the org's network as it is now. */
  attached: boolean;
  /** It matches, as closely as was asked for. */
  current: boolean;
  /** `unknown` when it does not run; of the pooler also when PostgreSQL's does not work. */
  login: LoginOutcome | 'unknown';
}

export interface PostgresObservation extends ContainerObservation {
  /** It is on the volume of the spec: without that, what follows says nothing. */
  onVolume: boolean;
  marker: Marker | null | 'unreadable';
  /** Whether the volume holds a cluster at all. */
  hasCluster: boolean;
  /** The libc of the image that the next start would use; `null` when that image has yet to be pulled. */
  libc: Libc | 'not-needed' | null;
}

export type PoolerObservation = ContainerObservation;

/**
 * Whether the volume may hold what somebody needs: the store says so, or the volume itself. No other was ever
 * ready.
 */
export function isTrusted(spec: DatabaseSpec, { postgres }: Pick<Observation, 'postgres'>): boolean {
  return spec.holdsData || (postgres !== null && postgres.marker !== null);
}
