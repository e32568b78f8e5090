import { parseCidr, type Cidr } from '../../../src/domain/cidr.js';
import { namesWith } from '../../../src/runtime/docker/names.js';
import { NetworkStore } from '../../../src/runtime/docker/network-store.js';
import { OwnContainer } from '../../../src/runtime/docker/own-container.js';
import { serveContainers } from './fake-containers.js';
import { FakeEngine, json, status } from './fake-engine.js';

const never = new AbortController().signal;

let fake: FakeEngine;
let store: NetworkStore;
let networks: { Id: string; Name: string; Labels: object; IPAM: object }[];
beforeEach(async () => {
  networks = [];
  fake = await FakeEngine.start();
  fake.on(/GET \/networks/, (request, response) => {
    const wanted = /paasdb\.org%3D(\w+)/.exec(request.url ?? '')?.[1];
    const found = networks.filter(({ Name }) => wanted === undefined || Name.endsWith(wanted));
    json(found)(request, response);
  });
  fake.on(/POST \/networks\/create/, (request, response) => {
    const { Name, Labels, IPAM } = JSON.parse(fake.bodies.at(-1) ?? '') as (typeof networks)[number];
    networks.push({ Id: `n${networks.length}`, Name, Labels, IPAM });
    json({ Id: Name })(request, response);
  });
  store = storeIn(HOST);
});
afterEach(() => fake[Symbol.asyncDispose]());

const HOST = '21 1 8:1 / / rw - ext4 /dev/vda rw';
const OWN_ID = 'ab'.repeat(32);
const CONTAINER = `${HOST}
31 21 8:1 /var/lib/docker/containers/${OWN_ID}/hosts /etc/hosts rw - ext4 /dev/vda rw`;

/** @param mountinfo what tells a process in a container from one on the host */
function storeIn(mountinfo: string): NetworkStore {
  const engine = fake.client();
  return new NetworkStore({
    engine,
    prefix: 'paas',
    names: namesWith({ prefix: 'paas', network: 'net' }),
    subnetPool: parseCidr('10.250.0.0/20') as Cidr,
    ownContainer: new OwnContainer(engine, mountinfo),
  });
}

const made = () => fake.bodies.filter((body) => body !== '').map((body) => JSON.parse(body) as object);
const subnetOf = (subnet: string) => ({ IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] } });

it('makes an internal network that is labelled and found again', async () => {
  await store.ensure('acme', never);
  await store.ensure('acme', never);
  expect(made()).toEqual([
    {
      Name: 'net-acme',
      CheckDuplicate: true,
      Driver: 'bridge',
      Internal: true,
      ...subnetOf('10.250.0.0/22'),
      Labels: { 'paasdb.prefix': 'paas', 'paasdb.kind': 'network', 'paasdb.org': 'acme' },
    },
  ]);
});

it('gives every org another subnet, however many ask at once', async () => {
  await Promise.all(['a1', 'b2', 'a1', 'c3', 'b2'].map((org) => store.ensure(org, never)));
  expect(made()).toMatchObject([
    subnetOf('10.250.0.0/22'),
    subnetOf('10.250.4.0/22'),
    subnetOf('10.250.8.0/22'),
  ]);
});

it('takes the next when the engine says that a subnet is taken', async () => {
  let refusals = 0;
  const accept = json({ Id: 'n' });
  const refuse = status(403, 'Pool overlaps with other one on this address space');
  fake.on(/POST/, (request, response) => (++refusals < 3 ? refuse : accept)(request, response));
  await store.ensure('acme', never);
  expect(made()).toMatchObject([
    subnetOf('10.250.0.0/22'),
    subnetOf('10.250.4.0/22'),
    subnetOf('10.250.8.0/22'),
  ]);
});

it('makes one network with a way out, once, in which nobody reaches another', async () => {
  await store.ensureOutside(never);
  await store.ensureOutside(never);
  expect(made()).toEqual([
    {
      Name: 'net_outside',
      CheckDuplicate: true,
      Driver: 'bridge',
      Options: { 'com.docker.network.bridge.enable_icc': 'false' },
      ...subnetOf('10.250.0.0/22'),
      Labels: { 'paasdb.prefix': 'paas', 'paasdb.kind': 'outside' },
    },
  ]);
});

it('says when the pool is used up', async () => {
  networks.push({ Id: 'n', Name: 'other', Labels: {}, ...subnetOf('10.250.0.0/16') });
  await expect(store.ensure('acme', never)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/no free subnet left in 10\.250\.0\.0\/20/),
  });
});

it('says when the name is taken', async () => {
  fake.on(/POST/, status(409, 'network with name net-acme already exists'));
  await expect(store.ensure('acme', never)).rejects.toMatchObject({ code: 'conflict', retryable: false });
});

it('goes on after a failure', async () => {
  fake.on(/POST/, status(500, 'boom'));
  await expect(store.ensure('acme', never)).rejects.toThrow(/boom/);
  fake.on(/POST/, json({ Id: 'n' }));
  await store.ensure('acme', never);
});

describe('in a container', () => {
  const joined = () => fake.requests.filter((line) => line.endsWith('/connect'));
  beforeEach(() => {
    fake.on(/POST \/networks\/\w+\/connect/, status(200, ''));
    store = storeIn(CONTAINER);
  });

  it('joins the network that it made', async () => {
    serveContainers(fake, [{ id: OWN_ID, name: 'paasdb-1', labels: {} }]);
    await store.ensure('acme', never);
    expect(joined()).toEqual(['POST /networks/n0/connect']);
    expect(fake.bodies.at(-1)).toBe(JSON.stringify({ Container: OWN_ID }));
  });

  it('joins a network that was there before it', async () => {
    await storeIn(HOST).ensure('acme', never);
    serveContainers(fake, [{ id: OWN_ID, name: 'paasdb-1', labels: {}, networks: { 'net-acme': 'old' } }]);
    await store.enter('acme', never);
    expect(joined()).toEqual(['POST /networks/n0/connect']);
  });

  it('stays in a network that it is in', async () => {
    await storeIn(HOST).ensure('acme', never);
    serveContainers(fake, [{ id: OWN_ID, name: 'paasdb-1', labels: {}, networks: { 'net-acme': 'n0' } }]);
    await store.enter('acme', never);
    expect(joined()).toEqual([]);
  });

  it('joins nothing where there is no network', async () => {
    serveContainers(fake, [{ id: OWN_ID, name: 'paasdb-1', labels: {} }]);
    await store.enter('acme', never);
    expect(joined()).toEqual([]);
  });

  it('of another engine is a host to this one', async () => {
    await store.ensure('acme', never);
    expect(joined()).toEqual([]);
  });
});
