export const DATABASE_STATUSES = [
  'pending',
  'provisioning',
  'ready',
  'failed',
  'deleting',
  'deleted',
] as const;
export type DatabaseStatus = (typeof DATABASE_STATUSES)[number];

/**
 * The legal transitions, by their target. A database that was ready stays `ready` while it is repaired or
 * restarted: its data and its URL are unchanged, and a deploy may go on reading them.
 */
const SOURCES: Record<DatabaseStatus, readonly DatabaseStatus[]> = {
  pending: ['failed'],
  provisioning: ['pending', 'provisioning'],
  ready: ['provisioning', 'failed', 'ready'],
  failed: ['pending', 'provisioning', 'ready', 'failed'],
  deleting: ['pending', 'provisioning', 'ready', 'failed', 'deleting'],
  deleted: ['deleting'],
};

export function sourcesOf(target: DatabaseStatus): readonly DatabaseStatus[] {
  return SOURCES[target];
}
