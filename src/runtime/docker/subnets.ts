import { overlaps, subnetsOf, type Cidr } from '../../domain/cidr.js';

/** Of an org's network: room for a thousand containers. */
const BITS = 22;

/** The subnets of `pool` that overlap with nothing of `taken`, in order. */
export function* freeSubnets(pool: Cidr, taken: readonly Cidr[]): Generator<Cidr> {
  for (const subnet of subnetsOf(pool, Math.max(BITS, pool.bits))) {
    if (!taken.some((other) => overlaps(subnet, other))) yield subnet;
  }
}
