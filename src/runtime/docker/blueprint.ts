import type { ListedContainer } from './engine/container.js';
import { LABEL } from './labels.js';

/** A container that shall be. */
export interface Blueprint {
  name: string;
  image: string;
  /** Tells when a container does not do what its database asks for. */
  spec: string;
  /** Tells when a container is not made as it would be made today, by this release with these settings. */
  config: string;
  /** The body of Docker's "create container". */
  body: object;
  /** Its one volume, and where that is mounted. */
  mount: { volume: string; path: string };
}

/**
 * How closely a container has to match. A new release or image may well make it differently: that is no reason
 * to cut connections, and waits until somebody asks for a restart.
 */
export type Match = 'spec' | 'config';

export function matches(
  { labels }: Pick<ListedContainer, 'labels'>,
  wanted: Blueprint,
  match: Match,
): boolean {
  return labels[LABEL[match]] === wanted[match];
}
