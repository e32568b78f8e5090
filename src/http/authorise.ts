import type { Database } from '../domain/records.js';
import { includesRole } from '../domain/roles.js';
import { findApp } from '../store/apps.js';
import { findDatabase } from '../store/databases.js';
import { findOrg } from '../store/orgs.js';
import type { Store } from '../store/store.js';
import type { AnyEndpoint, Caller, Scopes } from './endpoint.js';
import { Problem } from './problem.js';

/**
 * Finds what the path names, as far as the caller may know of it. What is foreign is missing (404); what is
 * the caller's own but beyond the role is forbidden (403).
 */
export function authorise(
  store: Store,
  endpoint: Pick<AnyEndpoint, 'scope' | 'role' | 'findsDeleted'>,
  caller: Caller,
  params: Record<string, string>,
): Scopes[keyof Scopes] {
  if (endpoint.scope === 'host') {
    requireRole(endpoint, caller);
    return {};
  }
  const slug = params.org ?? '';
  const org = caller.org === null || caller.org === slug ? findOrg(store, slug) : undefined;
  if (!org) throw new Problem('tenant_not_found', `there is no org ${slug} for this token`);
  if (endpoint.scope === 'org') {
    requireRole(endpoint, caller);
    if (caller.app !== null) {
      throw new Problem('forbidden', `this token is for the app ${caller.app} alone`);
    }
    return { org };
  }
  const appSlug = params.app ?? '';
  const app = caller.app === null || caller.app === appSlug ? findApp(store, org.slug, appSlug) : undefined;
  if (!app) throw new Problem('app_not_found', `org ${org.slug} has no app ${appSlug} for this token`);
  requireRole(endpoint, caller);
  if (endpoint.scope === 'app') return { org, app };
  const database = findDatabase(store, app.id, params.db ?? '');
  if (!database || (isDeleted(database) && !endpoint.findsDeleted)) {
    throw new Problem('database_not_found', `app ${app.slug} has no database ${params.db}`);
  }
  return { org, app, database };
}

function isDeleted({ status }: Database): boolean {
  return status === 'deleted';
}

function requireRole({ role }: Pick<AnyEndpoint, 'role'>, caller: Caller): void {
  if (!includesRole(caller.role, role)) {
    throw new Problem('forbidden', `this needs the role ${role}; the token has ${caller.role}`);
  }
}
