import { ORG_NETWORK_BITS, overlaps, subnetsOf, type Cidr } from '../../domain/cidr.js';

/** The subnets of `pool` that overlap with nothing of `taken`, in order. */
export function* freeSubnets(pool: Cidr, taken: readonly Cidr[]): Generator<Cidr> {
  for (const subnet of subnetsOf(pool, Math.max(ORG_NETWORK_BITS, pool.bits))) {
    if (!taken.some((other) => overlaps(subnet, other))) yield subnet;
  }
}
