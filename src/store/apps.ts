import type { App } from '../domain/records.js';
import { readPage, type Page, type PageRequest } from './page.js';
import type { Store } from './store.js';

const SELECT = 'SELECT id, org, slug, created_at AS createdAt FROM apps WHERE deleted_at IS NULL AND org = ?';

/** Throws a unique violation when the org has a live app of this slug. */
export function insertApp(store: Store, app: Pick<App, 'id' | 'org' | 'slug'>): void {
  store.run(
    'INSERT INTO apps (id, org, slug, created_at) VALUES (?, ?, ?, ?)',
    app.id,
    app.org,
    app.slug,
    store.now(),
  );
}

export function findApp(store: Store, org: string, slug: string): App | undefined {
  return store.get<App>(`${SELECT} AND slug = ?`, org, slug);
}

export function listApps(store: Store, org: string, page: PageRequest): Page<App> {
  return readPage<App>(
    store,
    { select: SELECT, values: [org], orderBy: ['slug'], direction: 'ASC', keyOf: (app) => [app.slug] },
    page,
  );
}

/** Hides an app and revokes the tokens that were for it alone. Its rows stay, for what its volumes came from. */
export function deleteApp(store: Store, app: App): void {
  const now = store.now();
  store.run('UPDATE apps SET deleted_at = ? WHERE id = ?', now, app.id);
  store.run('UPDATE tokens SET revoked_at = ? WHERE app_id = ? AND revoked_at IS NULL', now, app.id);
}
