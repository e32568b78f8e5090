/** How much of a file system there is, and how much of it is free for others than root, in bytes. */
export interface DiskRoom {
  totalBytes: number;
  availableBytes: number;
}

const SHARE = 0.05;
const LIMIT_BYTES = 1024 ** 3;

/** For messages. */
export const RESERVE = '5 % of it, and 1 GiB at the most';

/**
 * How much may be written before only that is left which whoever lives on that disk too needs: a PostgreSQL that finds
 * no room for its WAL stops. What can be done again is given up before, when this is not positive. There
 * are file systems that do not tell their size.
 */
export function roomToWrite({ totalBytes, availableBytes }: DiskRoom): number {
  if (totalBytes === 0) return Infinity;
  return availableBytes - Math.min(LIMIT_BYTES, totalBytes * SHARE);
}
