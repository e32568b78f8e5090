import type { Login } from '../../../domain/environment.js';
import { generatePassword } from '../../../secrets/random.js';
import { scramVerifier } from '../../../secrets/scram.js';
import type { DatabaseSpec, Skipped } from '../../runtime.js';
import { putText } from '../files/put-text.js';
import type { Server } from '../find-server.js';
import { loadingWith, remoteConnection } from '../sql/connection.js';
import type { Session } from '../sql/session.js';
import { asSuperuser } from '../sql/superuser.js';
import { Together } from '../together.js';
import { makeFresh } from './fresh-database.js';
import type { LoadDeps } from './load-attempt.js';
import type { LoadNames } from './load-names.js';
import type { Preparation } from '../prepare/preparation.js';
import { PASS_FILE } from '../workbench/workbench.js';

/** A database that is made beside the tenant's own. */
export interface FreshPlace {
  spec: DatabaseSpec;
  server: Server;
  names: LoadNames;
  workbenchId: string;
}

/** Makes a database beside the tenant's own and loads it. Returns who has loaded it. */
export async function fillFresh(
  { engine, processors }: Pick<LoadDeps, 'engine' | 'processors'>,
  { spec, server, names, workbenchId }: FreshPlace,
  { keepsOwners, load }: Preparation,
  signal: AbortSignal,
): Promise<{ loader: Login; skipped: Skipped[] }> {
  const loader = { role: names.role, password: generatePassword() };
  const statements = makeFresh(names, { verifier: scramVerifier(loader.password), keepsOwners });
  const make = async (superuser: Session) => {
    for (const statement of statements) await superuser.run(statement);
  };
  const text = `*:*:*:*:${loader.password}\n`;
  const making = new Together(signal);
  await making.all(
    asSuperuser(engine.execs, server.container.id, make, making.signal),
    putText(engine.execs, { containerId: workbenchId, path: PASS_FILE, text }, making.signal),
  );
  const place = { ...server.address, user: names.role, database: names.fresh, passFile: PASS_FILE };
  const connection = loadingWith(remoteConnection(place), { major: spec.engineVersion, processors });
  return { loader, skipped: await load(connection, signal) };
}
