import { parseCidr, type Cidr } from '../../src/domain/cidr.js';
import { serve } from '../../src/http/serve.js';
import { MemoryLogger } from '../memory-logger.js';

const LOOPBACK = parseCidr('127.0.0.0/8') as Cidr;
const ELSEWHERE = parseCidr('10.176.0.0/12') as Cidr;

async function statusAt(host: string, tenants: Cidr) {
  const logger = new MemoryLogger();
  const { url, close } = await serve((_, response) => response.end('hello'), {
    host,
    port: 0,
    tenants,
    logger,
  });
  try {
    const { port } = new URL(url);
    const status = await fetch(`http://127.0.0.1:${port}`).then(
      (answer) => answer.status,
      () => 'cut',
    );
    return { status, url, warnings: logger.messages('warn') };
  } finally {
    await close();
  }
}

it.each(['0.0.0.0', '::', '0', '::0'])(
  'on every address (%s) it answers, but not to tenants',
  async (host) => {
    expect(await statusAt(host, ELSEWHERE)).toMatchObject({ status: 200, warnings: [] });
    expect(await statusAt(host, LOOPBACK)).toMatchObject({
      status: 'cut',
      warnings: [expect.stringContaining('PAASDB_HOST does not name this address')],
    });
  },
);

it('answers wherever it was told to by name', async () => {
  expect(await statusAt('127.0.0.1', LOOPBACK)).toMatchObject({ status: 200, warnings: [] });
});

it('says why it cannot listen', async () => {
  const options = { host: '192.0.2.1', port: 0, tenants: ELSEWHERE, logger: new MemoryLogger() };
  await expect(serve(() => undefined, options)).rejects.toThrow('EADDRNOTAVAIL');
});
