/** What can be missing. A plan has each kind at most once. */
export type StepKind =
  | 'ensure-postgres-image'
  | 'ensure-pooler-image'
  | 'ensure-network'
  | 'remove-postgres'
  | 'remove-volume'
  | 'create-volume'
  | 'create-postgres'
  | 'unpause-postgres'
  | 'start-postgres'
  | 'await-postgres'
  | 'settle-roles'
  | 'remove-pooler'
  | 'create-pooler'
  | 'write-pooler-files'
  | 'unpause-pooler'
  | 'start-pooler'
  | 'verify-login';

export interface Step {
  kind: StepKind;
  /** What comes before. A kind that the plan does not have is satisfied already. */
  needs: readonly StepKind[];
}

/** Needs that hold in every plan. */
const NEEDS: Record<StepKind, readonly StepKind[]> = {
  'ensure-postgres-image': [],
  'ensure-pooler-image': [],
  'ensure-network': [],
  // Nothing is taken down before what replaces it is at hand.
  'remove-postgres': ['ensure-postgres-image', 'ensure-network'],
  'remove-volume': ['remove-postgres'],
  'create-volume': ['ensure-postgres-image', 'ensure-pooler-image', 'remove-postgres', 'remove-volume'],
  'create-postgres': ['ensure-network', 'create-volume', 'remove-postgres', 'ensure-postgres-image'],
  'unpause-postgres': [],
  'start-postgres': ['create-postgres'],
  'await-postgres': ['start-postgres', 'unpause-postgres'],
  'settle-roles': ['await-postgres'],
  'remove-pooler': ['ensure-pooler-image', 'ensure-network'],
  // The pooler is made while PostgreSQL initialises, and not before: both would only wait for each other.
  'create-pooler': ['ensure-network', 'remove-pooler', 'ensure-pooler-image', 'start-postgres'],
  'write-pooler-files': ['create-pooler'],
  'unpause-pooler': [],
  'start-pooler': ['write-pooler-files'],
  'verify-login': ['settle-roles', 'await-postgres', 'start-pooler', 'unpause-pooler'],
};

export function step(kind: StepKind): Step {
  return { kind, needs: NEEDS[kind] };
}

/** For people who wait. */
export const STEP_TITLES: Record<StepKind, string> = {
  'ensure-postgres-image': 'Getting the PostgreSQL image',
  'ensure-pooler-image': 'Getting the pooler image',
  'ensure-network': 'Making the network',
  'remove-postgres': 'Removing the old PostgreSQL container',
  'remove-volume': 'Removing a volume that was never ready',
  'create-volume': 'Making the volume',
  'create-postgres': 'Making the PostgreSQL container',
  'unpause-postgres': 'Resuming PostgreSQL',
  'start-postgres': 'Starting PostgreSQL',
  'await-postgres': 'Waiting for PostgreSQL',
  'settle-roles': 'Setting up roles',
  'remove-pooler': 'Removing the old pooler',
  'create-pooler': 'Making the pooler',
  'write-pooler-files': 'Configuring the pooler',
  'unpause-pooler': 'Resuming the pooler',
  'start-pooler': 'Starting the pooler',
  'verify-login': 'Logging in through the pooler',
};
