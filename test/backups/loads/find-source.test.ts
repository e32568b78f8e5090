import { findSource } from '../../../src/backups/loads/find-source.js';
import { refusalOfSource } from '../../../src/backups/loads/refusal-of-source.js';
import { AddressRules, parseRange } from '../../../src/domain/address-rules.js';

const URL = 'postgresql://ada:hunter2@db.example.com/shop';
const PUBLIC = '93.184.215.14';

const depsWith = (addresses: string[] | Error, ...allowed: string[]) => ({
  resolve: () => (addresses instanceof Error ? Promise.reject(addresses) : Promise.resolve(addresses)),
  rules: new AddressRules(
    allowed.map(parseRange).filter((range) => range !== null),
    { base: 0x0a_b0_00_00, bits: 12 },
  ),
});

it('pins one address, and keeps the name for its certificate', async () => {
  expect(await findSource(depsWith([PUBLIC, '93.184.215.15']), URL)).toEqual({
    host: 'db.example.com',
    address: PUBLIC,
    port: 5432,
    database: 'shop',
    user: 'ada',
    password: 'hunter2',
    sslMode: 'require',
  });
});

it('pins an address of IPv4 where there is one', async () => {
  const ipv6 = '2606:2800:21f::1';
  expect((await findSource(depsWith([ipv6, PUBLIC]), URL)).address).toBe(PUBLIC);
  expect((await findSource(depsWith([ipv6]), URL)).address).toBe(ipv6);
});

it('encrypts on the internet unless told otherwise, and prefers to where the operator allows', async () => {
  const sslModeOf = async (address: string, url: string, ...allowed: string[]) =>
    (await findSource(depsWith([address], ...allowed), url)).sslMode;
  expect(await sslModeOf(PUBLIC, URL)).toBe('require');
  expect(await sslModeOf(PUBLIC, `${URL}?sslmode=disable`)).toBe('disable');
  expect(await sslModeOf('10.1.2.3', URL, '10.1.0.0/16')).toBe('prefer');
  expect(await sslModeOf('10.1.2.3', `${URL}?sslmode=verify-full`, '10.1.0.0/16')).toBe('verify-full');
});

it('refuses a name of which one address is not to be connected to, and does not tell it', async () => {
  const refusal = findSource(depsWith([PUBLIC, '169.254.169.254']), URL);
  await expect(refusal).rejects.toMatchObject({ code: 'source_unusable', retryable: false });
  await expect(refusal).rejects.toThrow(/link-local.*PAASDB_IMPORT_ALLOW/);
  await expect(refusal).rejects.not.toThrow(/169\.254|hunter2/);
});

it('may try again where a name server does not answer', async () => {
  const refusal = findSource(depsWith(new Error('EAI_AGAIN')), URL);
  await expect(refusal).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  await expect(findSource(depsWith([]), URL)).rejects.toThrow(/has no address/);
});

it('does not wait for a name server for ever', async () => {
  jest.useFakeTimers();
  try {
    const deps = { ...depsWith([]), resolve: () => new Promise<string[]>(() => undefined) };
    const refusal = refusalOfSource(deps, URL);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await refusal).toMatch(/cannot be resolved/);
  } finally {
    jest.useRealTimers();
  }
});

it('says what is wrong with a URL', async () => {
  expect(await refusalOfSource(depsWith([PUBLIC]), 'postgresql://u:hunter2@h/d?host=/tmp')).toMatch(/"host"/);
  expect(await refusalOfSource(depsWith([PUBLIC]), URL)).toBeNull();
});
