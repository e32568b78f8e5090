import { backoffMs } from '../../src/domain/backoff.js';

const longest = () => 1;
const shortest = () => 0;

describe('backoff', () => {
  it('doubles from half a second up to half a minute', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempts) => backoffMs(attempts, { random: longest }));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('cuts at most half of it at random', () => {
    expect(backoffMs(3, { random: shortest })).toBe(1000);
    expect(backoffMs(3, { random: () => 0.5 })).toBe(1500);
  });

  it('waits at least something before any attempt was counted', () => {
    expect(backoffMs(0, { random: shortest })).toBe(250);
  });

  it('takes other bounds', () => {
    expect(backoffMs(9, { firstMs: 10, maxMs: 100, random: longest })).toBe(100);
  });

  it('spreads by chance when nothing else is said', () => {
    for (let n = 0; n < 100; n++) {
      expect(backoffMs(1)).toBeGreaterThanOrEqual(250);
      expect(backoffMs(1)).toBeLessThanOrEqual(500);
    }
  });
});
