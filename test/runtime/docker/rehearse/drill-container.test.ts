import { drillContainer } from '../../../../src/runtime/docker/rehearse/drill-container.js';
import { drillSettings } from '../../../../src/runtime/docker/rehearse/drill-settings.js';

const MIB = 1024 ** 2;

const blueprintOf = (engineVersion: number) =>
  drillContainer(
    { backupId: '1b', engineVersion, memoryBytes: 256 * MIB },
    { prefix: 'paas', name: 'paas-drill-1b', image: 'sha256:1', password: 'hush' },
  );

it('is reached by nobody, and has its share of memory', () => {
  expect(blueprintOf(17).body).toMatchObject({
    User: 'postgres',
    Labels: { 'paasdb.prefix': 'paas', 'paasdb.kind': 'drill', 'paasdb.backup': '1b' },
    HostConfig: {
      NetworkMode: 'none',
      Memory: 256 * MIB,
      MemorySwap: 256 * MIB,
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      RestartPolicy: { Name: 'no' },
    },
  });
});

it.each([
  [17, '/var/lib/postgresql/data'],
  [18, '/var/lib/postgresql'],
])('has its data and the archive of %i where the image declares its volume', (version, path) => {
  const { body, mount, archivePath } = blueprintOf(version);
  expect(mount).toEqual({ volume: 'paas-drill-1b', path });
  expect(archivePath).toBe(`${path}/backup.dump`);
  expect(body).toMatchObject({
    Env: expect.arrayContaining([`PGDATA=${path}/pgdata`]),
    HostConfig: { Mounts: [{ Type: 'volume', Source: 'paas-drill-1b', Target: path }] },
  });
});

it('takes memory within limits', () => {
  expect(drillSettings(128 * MIB)).toMatchObject({
    shared_buffers: '32MB',
    work_mem: '4MB',
    maintenance_work_mem: '32MB',
  });
  expect(drillSettings(64 * 1024 * MIB)).toMatchObject({
    shared_buffers: '4096MB',
    work_mem: '64MB',
    maintenance_work_mem: '1024MB',
  });
});
