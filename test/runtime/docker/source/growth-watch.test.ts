import { GrowthWatch } from '../../../../src/runtime/docker/source/growth-watch.js';

it('tells how far it is, and of nothing when nothing happens', async () => {
  const over = new AbortController();
  const sizes: number[] = [];
  const grown = [1, 1, 5];
  const size = () => Promise.resolve(grown.shift() ?? 5);
  const stalled = () => over.abort();
  const watch = new GrowthWatch({ pollMs: 1, stallMs: 20 }, size, (seen) => sizes.push(seen), stalled);
  await watch.run(over.signal);
  expect(sizes).toEqual([1, 5]);
});

it('goes on as long as it hears something, and where a size cannot be told', async () => {
  const over = new AbortController();
  let looks = 0;
  let stalls = 0;
  const watch: GrowthWatch = new GrowthWatch(
    { pollMs: 1, stallMs: 50 },
    () => {
      watch.sign();
      if (++looks === 100) over.abort();
      return Promise.reject(new Error('not now'));
    },
    () => undefined,
    () => stalls++,
  );
  await watch.run(over.signal);
  expect(looks).toBe(100);
  expect(stalls).toBe(0);
});
