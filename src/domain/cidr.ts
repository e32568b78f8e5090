/** An IPv4 range: its first address as a 32-bit number, and the length of its prefix. */
export interface Cidr {
  base: number;
  bits: number;
}

/** The prefix of the network that each org gets: a /22 has room for 511 databases with their poolers. */
export const ORG_NETWORK_BITS = 22;

const PATTERN = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** Reads `10.0.0.0/8`. `null` when it is not an IPv4 range or has bits set behind its prefix. */
export function parseCidr(text: string): Cidr | null {
  const match = PATTERN.exec(text);
  if (!match) return null;
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  if (bits > 32 || [a, b, c, d].some((part) => part > 255)) return null;
  const base = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return base % sizeOf(bits) === 0 ? { base, bits } : null;
}

export function formatCidr({ base, bits }: Cidr): string {
  return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join('.')}/${bits}`;
}

export function overlaps(one: Cidr, other: Cidr): boolean {
  return one.base < other.base + sizeOf(other.bits) && other.base < one.base + sizeOf(one.bits);
}

/** The ranges of `bits` inside `pool`, in order. */
export function* subnetsOf(pool: Cidr, bits: number): Generator<Cidr> {
  const end = pool.base + sizeOf(pool.bits);
  for (let base = pool.base; base + sizeOf(bits) <= end; base += sizeOf(bits)) {
    yield { base, bits };
  }
}

function sizeOf(bits: number): number {
  return 2 ** (32 - bits);
}
