/**
 * How long to wait before the next attempt, in ms: doubling from `firstMs` up to `maxMs`, of which a random
 * half is cut so that what failed together does not come back together.
 */
export function backoffMs(
  attempts: number,
  {
    firstMs = 500,
    maxMs = 30_000,
    random = Math.random,
  }: { firstMs?: number; maxMs?: number; random?: () => number } = {},
): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, attempts - 1)));
  return Math.round(full * (0.5 + random() / 2));
}
