const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export const ORG_PLANS = ['developer', 'team', 'business', 'enterprise'] as const;
export type OrgPlan = (typeof ORG_PLANS)[number];

/** How many live databases an org may own. `null` is without limit. */
export const DATABASE_QUOTA: Record<OrgPlan, number | null> = {
  developer: 1,
  team: 3,
  business: 10,
  enterprise: null,
};

export const DATABASE_PLANS = ['free', 'standard', 'pro'] as const;
export type DatabasePlan = (typeof DATABASE_PLANS)[number];
export const DEFAULT_DATABASE_PLAN: DatabasePlan = 'standard';

export interface Resources {
  instances: number;
  storageBytes: number;
  memoryBytes: number;
  /** Whether it is backed up without being asked: when, the host's PAASDB_BACKUP_SCHEDULE says, by default every day. */
  backup: 'none' | 'scheduled';
}

export type PlanOffer =
  { available: true; resources: Resources } | { available: false; resources: Resources; reason: string };

/** What each plan of a database gives, and whether this version can give it. */
export const PLAN_OFFERS: Record<DatabasePlan, PlanOffer> = {
  free: {
    available: true,
    resources: { instances: 1, storageBytes: GIB, memoryBytes: 256 * MIB, backup: 'none' },
  },
  standard: {
    available: true,
    resources: { instances: 1, storageBytes: 10 * GIB, memoryBytes: GIB, backup: 'scheduled' },
  },
  pro: {
    available: false,
    resources: { instances: 3, storageBytes: 50 * GIB, memoryBytes: 4 * GIB, backup: 'none' },
    reason:
      'plan pro promises three instances and point-in-time recovery, which this version does not have; use standard',
  },
};

/** The plans whose databases are backed up without being asked. */
export const BACKED_UP_PLANS = DATABASE_PLANS.filter(
  (plan) => PLAN_OFFERS[plan].resources.backup === 'scheduled',
);

/** How the pooler of every database is set up. */
export const POOL = { mode: 'transaction', size: 20, maxClientConnections: 100 } as const;
export type Pool = typeof POOL;
