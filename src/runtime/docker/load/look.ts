import { literal } from '../sql/quote.js';
import type { Session } from '../sql/session.js';
import { asSuperuser } from '../sql/superuser.js';
import type { Attempt, LoadDeps } from './load-attempt.js';
import { loadableExtensions } from './loadable-extensions.js';
import { tidyIn } from './tidy.js';

export interface Found {
  /** The data was put in its place. */
  isInPlace: boolean;
  /** What a tenant may create there. */
  extensions: ReadonlySet<string>;
}

/** Clears away what an attempt has left, and looks at what there is then. For when none is at work. */
export async function look(deps: LoadDeps, { spec, server, names, options }: Attempt): Promise<Found> {
  const { signal, onExchange } = options;
  const previous = `SELECT FROM pg_database WHERE datname = ${literal(names.previous)}`;
  const inSession = async (session: Session) => {
    // It ends a swap that is still going on, or waits for it.
    await tidyIn(deps, spec.id, session, signal);
    const isInPlace = (await session.query(previous)).length > 0;
    return { isInPlace, extensions: await loadableExtensions(session) };
  };
  const found = await asSuperuser(deps.engine.execs, server.container.id, inSession, signal);
  if (!found.isInPlace) onExchange(null);
  return found;
}
