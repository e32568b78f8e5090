import type { DatabaseStatus } from './database-status.js';
import type { DatabasePlan, OrgPlan } from './plans.js';
import type { Role } from './roles.js';

/** Times are RFC 3339 in UTC with milliseconds, so that text order is time order. */
export type Timestamp = string;

export const ORG_STATUSES = ['ready', 'suspended'] as const;
export type OrgStatus = (typeof ORG_STATUSES)[number];

export interface Org {
  slug: string;
  plan: OrgPlan;
  /** A suspended org keeps what it has and gets nothing new. */
  status: OrgStatus;
  createdAt: Timestamp;
}

export interface App {
  /** A UUID. */
  id: string;
  org: string;
  slug: string;
  createdAt: Timestamp;
}

export interface Token {
  id: string;
  /** `null` for the operator's token. */
  org: string | null;
  /** The slug of the one app this token is for; `null` for all apps of its org. */
  app: string | null;
  name: string;
  role: Role;
  createdAt: Timestamp;
  expiresAt: Timestamp | null;
  lastUsedAt: Timestamp | null;
  revokedAt: Timestamp | null;
}

export interface Database {
  id: string;
  org: string;
  app: string;
  name: string;
  engineVersion: number;
  plan: DatabasePlan;
  status: DatabaseStatus;
  errorMessage: string | null;
  volumeId: string;
  createdAt: Timestamp;
  readyAt: Timestamp | null;
  deletedAt: Timestamp | null;
  lastBackupAt: Timestamp | null;
  lastVerifiedBackupAt: Timestamp | null;
  /** When it is backed up next without being asked. In the past while that cannot be done. */
  nextBackupAt: Timestamp | null;
}

export const VOLUME_STATES = ['attached', 'preserved', 'purging', 'purged'] as const;
export type VolumeState = (typeof VOLUME_STATES)[number];

export interface Volume {
  id: string;
  org: string;
  /** The slug of the app and the name of the database that used it last. */
  app: string;
  databaseName: string;
  databaseId: string;
  engineVersion: number;
  state: VolumeState;
  /** It was ready once: it may hold somebody's only copy, and is never rebuilt. */
  holdsData: boolean;
  createdAt: Timestamp;
  preservedAt: Timestamp | null;
}

export interface AuditEvent {
  id: number;
  at: Timestamp;
  org: string | null;
  /** The id of the token that acted, or `system`. */
  actor: string;
  action: string;
  target: string;
  /** JSON, without secrets. */
  detail: string;
  requestId: string | null;
  previousHash: string;
  hash: string;
}
