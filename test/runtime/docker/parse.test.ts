import { formatCidr, parseCidr, type Cidr } from '../../../src/domain/cidr.js';
import { carries, labelFilter } from '../../../src/runtime/docker/engine/label-filter.js';
import { findUser } from '../../../src/runtime/docker/image-facts.js';
import { parseMarker } from '../../../src/runtime/docker/marker.js';
import { has, hasOnly, misplacedVolume } from '../../../src/runtime/docker/mounts.js';
import { tellingLines } from '../../../src/runtime/docker/start-failure.js';
import { withoutSecrets } from '../../../src/runtime/docker/without-secrets.js';
import { freeSubnets } from '../../../src/runtime/docker/subnets.js';

describe('a marker', () => {
  const text = (version: string) => JSON.stringify({ database: '1a', major: 17, version });

  it.each([
    ['PostgreSQL 17.6 on x86_64-pc-linux-musl, compiled by gcc (Alpine 14.2.0)', 'musl'],
    ['PostgreSQL 17.6 (Debian 17.6-0+deb13u1) on x86_64-pc-linux-gnu, compiled by gcc', 'gnu'],
  ])('tells the libc of %s', (version, libc) => {
    expect(parseMarker(text(version))).toEqual({ databaseId: '1a', major: 17, libc });
  });

  it('that was not written to its end by a power failure is none', () => {
    expect(parseMarker('')).toBeNull();
    expect(parseMarker('\n')).toBeNull();
  });

  it.each(['{', '{}', 'null', '[]', '{"database":"1a","major":"17","version":""}'])(
    'of %j is not ours',
    (other) => {
      expect(parseMarker(other)).toBe('unreadable');
    },
  );
});

describe('mounts', () => {
  const wanted = { volume: 'v', path: '/data' };
  const ours = { volume: 'v', path: '/data' };
  const anonymous = { volume: '0123', path: '/var/lib/postgresql' };

  it.each([
    [[ours], true],
    [[ours, { volume: null, path: '/tmp' }], true],
    [[ours, anonymous], false],
    [[anonymous], false],
    [[{ volume: 'v', path: '/elsewhere' }], false],
    [[{ volume: 'w', path: '/data' }], false],
    [[], false],
  ])('%j are as they should be: %p', (mounts, expected) => {
    expect(hasOnly(mounts, wanted)).toBe(expected);
  });

  it('may be more for a pooler', () => {
    expect(has([anonymous, ours], wanted)).toBe(true);
  });

  it('that are misplaced are named', () => {
    const { message } = misplacedVolume({ image: 'postgres:18', mount: wanted }, [ours, anonymous]);
    expect(message).toMatch(/postgres:18 declares a volume at \/var\/lib\/postgresql,.* belongs at \/data/);
  });
});

describe('subnets', () => {
  const cidr = (text: string) => parseCidr(text) as Cidr;
  const free = (pool: string, taken: string[]) =>
    [...freeSubnets(cidr(pool), taken.map(cidr))].map((subnet) => formatCidr(subnet));

  it('are those that overlap with nothing', () => {
    expect(free('10.0.0.0/20', ['10.0.0.0/24', '10.0.8.0/22', '172.17.0.0/16'])).toEqual([
      '10.0.4.0/22',
      '10.0.12.0/22',
    ]);
  });

  it('are none in a full pool', () => expect(free('10.0.0.0/20', ['10.0.0.0/8'])).toEqual([]));

  it('are the pool itself when it is small', () => expect(free('10.0.0.0/24', [])).toEqual(['10.0.0.0/24']));
});

it('finds a user in /etc/passwd', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\npostgres:x:70:71::/var/lib/postgresql:/bin/sh\nbad:x::\n';
  expect(findUser(passwd, 'postgres')).toEqual({ uid: 70, gid: 71 });
  expect(findUser(passwd, 'bad')).toBeNull();
  expect(findUser(passwd, 'nobody')).toBeNull();
});

it('filters by labels', () => {
  expect(labelFilter({ a: '1', b: '2' })).toEqual({ label: ['a=1', 'b=2'] });
  expect(carries({ a: '1', b: '2' }, { a: '1' })).toBe(true);
  expect(carries({ a: '1' }, { a: '2' })).toBe(false);
});

it('picks out of a log what tells why, and no verifier', () => {
  const lines = [
    'LOG: hello',
    'FATAL: could not open file',
    'LOG: bye',
    "ERROR: near 'SCRAM-SHA-256$4096:a$b:c'",
  ];
  expect(tellingLines(lines)).toEqual(['FATAL: could not open file', "ERROR: near '[verifier]'"]);
  expect(tellingLines(['one', 'two'])).toEqual(['one', 'two']);
  expect(withoutSecrets('x SCRAM-SHA-256$1:a==$b=:c= y')).toBe('x [verifier] y');
});

it.each([
  ['DETAIL:  Failing row contains (1, hush).', 'DETAIL:  Failing row contains (…)'],
  ['DETAIL:  Failing row contains (1, hush', 'DETAIL:  Failing row contains (…)'],
  ['Key (email)=(a) b@hush) already exists.', 'Key (email)=(…) already exists.'],
  [
    'Key (lower(email), x)=(hush, 1) is not present in table "a".',
    'Key (lower(email), x)=(…) is not present in table "a".',
  ],
  ['Key (note)=(hush', 'Key (note)=(…)'],
  ['CONTEXT:  COPY users, line 7: "1\thush"', 'CONTEXT:  COPY users, line 7'],
  ['COPY a, line 7, column b: "hu"sh"', 'COPY a, line 7, column b'],
  ['COPY a, line 7', 'COPY a, line 7'],
  ['JSON data, line 1: {hush', 'JSON data, line 1'],
  [
    'Partition key of the failing row contains (a) = (hush).',
    'Partition key of the failing row contains (…)',
  ],
  [
    'Key (d)=(hush) conflicts with existing key (d)=(hush).',
    'Key (d)=(…) conflicts with existing key (d)=(…)',
  ],
  ['invalid input syntax for type integer: "hush"', 'invalid input syntax for type integer'],
])('says nothing of the rows in %s', (said, told) => {
  expect(withoutSecrets(said)).toBe(told);
});

it('is quick with what somebody made up to be slow', () => {
  const startedAt = performance.now();
  for (const text of ['COPY a, line 1, column ', 'Key (', 'Key (a)=(b ', 'row contains', 'SCRAM-SHA-256$'])
    withoutSecrets(text.repeat(100_000));
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
