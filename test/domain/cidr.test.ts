import { formatCidr, overlaps, parseCidr, subnetsOf, type Cidr } from '../../src/domain/cidr.js';
import { defined } from '../store/sample-rows.js';

const range = (text: string): Cidr => defined(parseCidr(text));

describe('an IPv4 range', () => {
  it.each(['0.0.0.0/0', '10.0.0.0/8', '10.176.0.0/12', '192.168.4.0/22', '255.255.255.255/32'])(
    'is read and written: %s',
    (text) => {
      expect(formatCidr(range(text))).toBe(text);
    },
  );

  it.each([
    '',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    '10.0.0.256/32',
    '10.0.0.1/8',
    '10.0.0.0/8 ',
    'fd00::/8',
    '10.0.0.0/-1',
    '10.0.0.0/8\n',
  ])('is not %j', (text) => {
    expect(parseCidr(text)).toBeNull();
  });

  it.each([
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.1.0.0/16', '10.0.0.0/8', true],
    ['10.0.0.0/16', '10.0.0.0/16', true],
    ['10.0.0.0/16', '10.1.0.0/16', false],
    ['0.0.0.0/0', '255.255.255.255/32', true],
    ['128.0.0.0/1', '0.0.0.0/1', false],
  ])('%s and %s overlap: %s', (one, other, expected) => {
    expect(overlaps(range(one), range(other))).toBe(expected);
  });

  it('is cut into ranges that fill it and do not overlap', () => {
    const subnets = [...subnetsOf(range('10.176.0.0/20'), 22)].map(formatCidr);
    expect(subnets).toEqual(['10.176.0.0/22', '10.176.4.0/22', '10.176.8.0/22', '10.176.12.0/22']);
  });

  it('is cut up to the end of the address space', () => {
    expect([...subnetsOf(range('255.255.255.0/24'), 25)].map(formatCidr)).toEqual([
      '255.255.255.0/25',
      '255.255.255.128/25',
    ]);
  });

  it('that is smaller than what is asked for is not cut', () => {
    expect([...subnetsOf(range('10.0.0.0/24'), 22)].map(formatCidr)).toEqual([]);
  });
});
