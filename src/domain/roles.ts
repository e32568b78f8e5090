/** What a token may do, from least to most. Each role includes the ones before it. */
export const ROLES = ['viewer', 'deploy', 'member', 'admin', 'owner', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** The roles an org can hand out. `operator` belongs to the host alone. */
export const ORG_ROLES = ['viewer', 'deploy', 'member', 'admin', 'owner'] as const;
export type OrgRole = (typeof ORG_ROLES)[number];

export function includesRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}
