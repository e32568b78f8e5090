import { loadingWith, localConnection } from '../../../../src/runtime/docker/sql/connection.js';

describe('a connection for a load', () => {
  it.each([
    [1, '0'],
    [2, '0'],
    [3, '1'],
    [4, '2'],
    [64, '2'],
  ])('on %i processors builds indexes with %s workers', (processors, workers) => {
    const { PGOPTIONS } = loadingWith(localConnection('app'), { major: 17, processors });
    expect(PGOPTIONS).toContain(`-c max_parallel_maintenance_workers=${workers}`);
  });
});
