/** By how many bytes the memory of this process grows at most during some work. */
export async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage.rss();
  let most = before;
  const look = () => (most = Math.max(most, process.memoryUsage.rss()));
  const timer = setInterval(look, 1);
  await work();
  clearInterval(timer);
  return look() - before;
}
