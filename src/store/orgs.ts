import type { Org, OrgStatus } from '../domain/records.js';
import type { OrgPlan } from '../domain/plans.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

const SELECT = 'SELECT slug, plan, status, created_at AS createdAt FROM orgs WHERE true';

export function insertOrg(store: Store, { slug, plan }: Pick<Org, 'slug' | 'plan'>): void {
  store.run(
    `INSERT INTO orgs (slug, plan, status, created_at) VALUES (?, ?, 'ready', ?)`,
    slug,
    plan,
    store.now(),
  );
}

export function findOrg(store: Store, slug: string): Org | undefined {
  return store.get<Org>(`${SELECT} AND slug = ?`, slug);
}

export function listOrgs(store: Store, page: PageRequest): Page<Org> {
  return readPage<Org>(
    store,
    { select: SELECT, values: [], orderBy: ['slug'], direction: 'ASC', keyOf: (org) => [org.slug] },
    page,
  );
}

export function updateOrg(store: Store, slug: string, change: { plan: OrgPlan; status: OrgStatus }): void {
  store.run('UPDATE orgs SET plan = ?, status = ? WHERE slug = ?', change.plan, change.status, slug);
}

/** The org that exists from the start. */
export function ensureDefaultOrg(store: Store): void {
  store.run(
    `INSERT INTO orgs (slug, plan, status, created_at) VALUES ('default', 'enterprise', 'ready', ?)
     ON CONFLICT DO NOTHING`,
    store.now(),
  );
}
