import { AddressRules, parseRange, type AddressRange } from '../../src/domain/address-rules.js';
import { parseCidr, type Cidr } from '../../src/domain/cidr.js';

const POOL = parseCidr('10.176.0.0/12') as Cidr;

const rulesWith = (...allowed: string[]) =>
  new AddressRules(
    allowed.map((text) => parseRange(text) as AddressRange),
    POOL,
  );

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', { address: '10.0.0.0', bits: 8 }],
    ['10.1.2.3', { address: '10.1.2.3', bits: 32 }],
    ['fd00::/8', { address: 'fd00::', bits: 8 }],
    ['::1', { address: '::1', bits: 128 }],
  ])('is read: %s', (text, range) => {
    expect(parseRange(text)).toEqual(range);
  });

  it.each([
    '',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    'example.com',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/x',
  ])('that is none is refused: %j', (text) => {
    expect(parseRange(text)).toBeNull();
  });
});

describe('nothing may connect to', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['100.64.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['172.17.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['192.0.0.170', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['10.176.0.5', 'in the networks of databases'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fe80::1', 'link-local'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'an IPv4 address in disguise'],
    ['::ffff:7f00:1', 'an IPv4 address in disguise'],
    ['::FFFF:93.184.215.14', 'an IPv4 address in disguise'],
    ['::127.0.0.1', 'reserved'],
    ['64:ff9b::7f00:1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2001:0:7f00:1::', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['fec0::1', 'reserved'],
    ['not an address', 'not an address'],
  ])('%s, which is %s', (address, what) => {
    const rules = rulesWith();
    expect(rules.refusalOf(address)).toBe(what);
  });
});

it.each(['93.184.215.14', '172.32.0.1', '11.0.0.1', '2606:2800:21f::1', '2a00:1450::1'])(
  'the internet may be connected to: %s',
  (address) => {
    expect([rulesWith().refusalOf(address), rulesWith().isPublic(address)]).toEqual([null, true]);
  },
);

describe('what the operator allows', () => {
  it('is allowed, and is not public for that', () => {
    const rules = rulesWith('192.168.7.0/24', 'fd00:7::/64', '127.0.0.1');
    for (const address of ['192.168.7.9', 'fd00:7::9', '127.0.0.1']) {
      expect([address, rules.refusalOf(address), rules.isPublic(address)]).toEqual([address, null, false]);
    }
    for (const address of ['192.168.8.9', 'fd00:8::9', '127.0.0.2']) {
      expect(rules.refusalOf(address)).not.toBeNull();
    }
  });

  it('is not the networks of databases, unless these are named', () => {
    expect(rulesWith('10.0.0.0/8').refusalOf('10.1.2.3')).toBeNull();
    expect(rulesWith('10.0.0.0/8').refusalOf('10.176.0.5')).toBe('in the networks of databases');
    expect(rulesWith('0.0.0.0/0').refusalOf('10.176.0.5')).toBe('in the networks of databases');
    expect(rulesWith('10.176.0.0/22').refusalOf('10.176.0.5')).toBeNull();
    expect(rulesWith('10.176.0.0/22').refusalOf('10.176.4.5')).toBe('in the networks of databases');
  });

  it('is no address in disguise', () => {
    expect(rulesWith('127.0.0.1').refusalOf('::ffff:127.0.0.1')).not.toBeNull();
  });
});
