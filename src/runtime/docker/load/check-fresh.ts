import type { Login } from '../../../domain/environment.js';
import type { DatabaseContents } from '../../runtime.js';
import { contentsOf } from '../sql/contents.js';
import { dropRole } from '../sql/drop-role.js';
import { inDatabase } from '../sql/in-database.js';
import type { Session } from '../sql/session.js';
import { asSuperuser } from '../sql/superuser.js';
import { Together } from '../together.js';
import { analyze } from './analyze.js';
import type { FreshPlace } from './fill-fresh.js';
import { retireLoader } from './fresh-database.js';
import { handOver } from './hand-over.js';
import type { LoadDeps } from './load-attempt.js';

/**
 * Has a database that was loaded checked, by what it holds. In the end it is the tenant's, on disk, and nothing is left
 * of the role that loaded it.
 */
export async function checkFresh(
  { engine }: Pick<LoadDeps, 'engine'>,
  { spec, server, names, workbenchId }: FreshPlace,
  { loader, check }: { loader: Login; check: (contents: DatabaseContents) => void },
  signal: AbortSignal,
): Promise<DatabaseContents> {
  const inFresh = { major: spec.engineVersion, database: names.fresh };
  const checking = new Together(signal);
  const asLoader = <T>(use: (session: Session) => Promise<T>) =>
    inDatabase(server.address, { login: loader, ...inFresh }, use, checking.signal);
  const asTenant = { login: spec.login, ...inFresh };
  const inSession = async (superuser: Session) => {
    // It logs in meanwhile.
    const [contents] = await checking.all(
      asLoader(contentsOf),
      analyze(asLoader),
      // And with it whatever a script has started, which nobody waits for.
      engine.containers.stop(workbenchId, 0, checking.signal),
    );
    check(contents);
    for (const statement of retireLoader(names)) await superuser.run(statement);
    await inDatabase(server.address, asTenant, (tenant) => handOver(tenant, names.role), signal);
    await dropRole(superuser, names.role);
    return contents;
  };
  return asSuperuser(engine.execs, server.container.id, inSession, signal);
}
