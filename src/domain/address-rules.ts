import { BlockList, isIP, isIPv6 } from 'node:net';
import { formatCidr, overlaps, parseCidr, type Cidr } from './cidr.js';

/** A range of addresses of either family. */
export interface AddressRange {
  address: string;
  bits: number;
}

/** Reads `10.0.0.0/8`, `fd00::/8`, or an address alone. `null` when it is none. */
export function parseRange(text: string): AddressRange | null {
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) return null;
  const most = family === 4 ? 32 : 128;
  if (bits === undefined) return { address, bits: most };
  return /^\d{1,3}$/.test(bits) && Number(bits) <= most ? { address, bits: Number(bits) } : null;
}

/** Whatever of IPv4 is not the internet (IANA's special-purpose registry). Docker's own ranges are among the private ones. */
const SPECIAL: readonly [range: string, what: string][] = [
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'private'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/**
 * Of IPv6 the internet is 2000::/3 but for these. They, and all that is outside (mapped addresses, translated ones),
 * can mean an address of IPv4.
 */
const PUBLIC_IPV6 = '2000::/3';
const SPECIAL_IPV6: readonly [range: string, what: string][] = [
  ['::1/128', 'loopback'],
  ['::/128', 'unspecified'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'reserved'],
  ['2002::/16', 'reserved'],
  ['3fff::/20', 'reserved'],
];

/** Which servers tenants may have the daemon connect to. */
export class AddressRules {
  private readonly special: { what: string; list: BlockList }[];
  private readonly publicIpv6 = listOf(PUBLIC_IPV6);
  private readonly tenants: BlockList;
  private readonly allowed: BlockList;
  private readonly allowedTenants: BlockList;

  /**
   * @param tenants where the networks of orgs are. A range that merely contains some of it does not allow it: who
   * allows the networks of a company does not mean those of other tenants.
   */
  constructor(allowed: readonly AddressRange[], tenants: Cidr) {
    this.special = [...SPECIAL, ...SPECIAL_IPV6].map(([range, what]) => ({ what, list: listOf(range) }));
    this.tenants = listOf(formatCidr(tenants));
    this.allowed = listOf(...allowed);
    this.allowedTenants = listOf(...allowed.filter((range) => lieIn(range, tenants)));
  }

  /** Why nothing may connect to an address; `null` when it may. */
  refusalOf(address: string): string | null {
    if (isIP(address) === 0) return 'not an address';
    // It would be judged as one of IPv6 and connected to as one of IPv4.
    if (/^::ffff:/i.test(address)) return 'an IPv4 address in disguise';
    if (within(this.tenants, address))
      return within(this.allowedTenants, address) ? null : 'in the networks of databases';
    if (within(this.allowed, address)) return null;
    const special = this.special.find(({ list }) => within(list, address));
    if (special) return special.what;
    return isIPv6(address) && !within(this.publicIpv6, address) ? 'reserved' : null;
  }

  /** Whether an address is the internet's: what goes there passes others' hands. */
  isPublic(address: string): boolean {
    return (
      !this.special.some(({ list }) => within(list, address)) &&
      !within(this.tenants, address) &&
      (!isIPv6(address) || within(this.publicIpv6, address))
    );
  }
}

function listOf(...ranges: (string | AddressRange)[]): BlockList {
  const list = new BlockList();
  for (const each of ranges) {
    const range = typeof each === 'string' ? parseRange(each) : each;
    if (range) list.addSubnet(range.address, range.bits, familyOf(range.address));
  }
  return list;
}

function within(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

function lieIn({ address, bits }: AddressRange, pool: Cidr): boolean {
  const host = parseCidr(`${address}/32`);
  return host !== null && bits >= pool.bits && overlaps(host, pool);
}
