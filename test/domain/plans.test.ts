import { DEADLINE_MS } from '../../src/domain/deadlines.js';
import { isSettled, OPERATION_KINDS, OPERATION_STATUSES } from '../../src/domain/operation.js';
import { DATABASE_QUOTA, PLAN_OFFERS } from '../../src/domain/plans.js';

const GIB = 1024 ** 3;

describe('plans', () => {
  it('of an org say how many databases it may have', () => {
    expect(DATABASE_QUOTA).toEqual({ developer: 1, team: 3, business: 10, enterprise: null });
  });

  it('of a database say what it gets', () => {
    expect(PLAN_OFFERS.free.resources).toMatchObject({
      instances: 1,
      storageBytes: GIB,
      memoryBytes: GIB / 4,
    });
    expect(PLAN_OFFERS.standard.resources).toMatchObject({
      instances: 1,
      storageBytes: 10 * GIB,
      memoryBytes: GIB,
    });
    expect(PLAN_OFFERS.pro.resources).toMatchObject({
      instances: 3,
      storageBytes: 50 * GIB,
      memoryBytes: 4 * GIB,
    });
  });

  it('that promise what is not built are not sold', () => {
    expect(PLAN_OFFERS.free.available).toBe(true);
    expect(PLAN_OFFERS.standard.available).toBe(true);
    expect(PLAN_OFFERS.pro).toMatchObject({ available: false, reason: expect.stringContaining('standard') });
  });
});

describe('operations', () => {
  it('that remove are tried until they are done', () => {
    expect(OPERATION_KINDS.filter((kind) => DEADLINE_MS[kind] === null)).toEqual([
      'discard',
      'remove',
      'purge',
    ]);
  });

  it('are settled when nothing will be done about them any more', () => {
    expect(OPERATION_STATUSES.filter(isSettled)).toEqual(['succeeded', 'failed', 'cancelled']);
  });
});
