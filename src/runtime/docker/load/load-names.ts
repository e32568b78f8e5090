/** What a load makes inside of PostgreSQL. Tenants can make neither databases nor roles. */
const NEW = 'paasdb_new_';
const PREVIOUS = 'paasdb_previous_';
const ROLE = 'paasdb_load_';

export interface LoadNames {
  /** The database that is loaded, until it takes the place of the tenant's. */
  fresh: string;
  /** The tenant's former database. */
  previous: string;
  role: string;
}

export function loadNames(loadId: string): LoadNames {
  if (!/^[a-z0-9]{1,40}$/.test(loadId)) throw new TypeError(`No id of a load: ${loadId}`);
  return { fresh: `${NEW}${loadId}`, previous: `${PREVIOUS}${loadId}`, role: `${ROLE}${loadId}` };
}

/** As a condition on a column: the names of any load's databases that took no place, and of its roles. */
export const ANY_FRESH = `^${NEW}`;
export const ANY_ROLE = `^${ROLE}`;
/** The same as a condition on a statement. */
export const ANY_OF_A_LOAD = `(${NEW}|${ROLE})`;
