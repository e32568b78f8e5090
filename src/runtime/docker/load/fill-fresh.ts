import { generatePassword } from '../../../secrets/random.js';
import { scramVerifier } from '../../../secrets/scram.js';
import type { DatabaseContents, DatabaseSpec, Skipped } from '../../runtime.js';
import type { StepDeps } from '../attempt.js';
import type { Server } from '../find-server.js';
import type { Session } from '../sql/session.js';
import { dropRole } from '../sql/drop-role.js';
import { loadingWith, remoteConnection } from '../sql/connection.js';
import { makeFresh, retireLoader } from './fresh-database.js';
import { handOver } from './hand-over.js';
import type { LoadNames } from './load-names.js';
import type { Preparation } from './preparation.js';
import { putText } from './put-file.js';
import { analyze, contentsOf, inDatabase } from './read-loaded.js';
import { asSuperuser } from '../sql/superuser.js';
import { PASS_FILE } from './workbench.js';

export interface Filling {
  spec: DatabaseSpec;
  server: Server;
  names: LoadNames;
  workbenchId: string;
  preparation: Preparation;
  check: (contents: DatabaseContents) => void;
  onProgress: (step: string, done: number, total: number) => void;
}

/**
 * Makes a database beside the tenant's own, loads it and has it checked. In the end it is the tenant's, on disk, and
 * nothing is left of the role that loaded it.
 */
export async function fillFresh(
  { engine }: Pick<StepDeps, 'engine'>,
  { spec, server, names, workbenchId, preparation, check, onProgress }: Filling,
  signal: AbortSignal,
): Promise<{ contents: DatabaseContents; skipped: Skipped[] }> {
  const { execs } = engine;
  const { engineVersion: major } = spec;
  const password = generatePassword();
  const onServer = <T>(use: (session: Session) => Promise<T>) =>
    asSuperuser(execs, server.container.id, use, signal);
  const asServer = (statements: readonly string[]) =>
    onServer(async (session) => {
      for (const statement of statements) await session.run(statement);
    });
  const { keepsOwners } = preparation;
  await asServer(makeFresh(names, { verifier: scramVerifier(password), keepsOwners }));

  await putText(execs, { containerId: workbenchId, path: PASS_FILE, text: `*:*:*:*:${password}\n` }, signal);
  const place = { ...server.address, user: names.role, database: names.fresh, passFile: PASS_FILE };
  const connection = loadingWith(remoteConnection(place), { major, memoryBytes: spec.resources.memoryBytes });
  const skipped = await preparation.load(connection, signal);
  // And with it whatever a script has started.
  await engine.containers.stop(workbenchId, 0, signal);

  onProgress('Checking what was loaded', 0, 1);
  const login = { role: names.role, password };
  const asLoader = { login, major, database: names.fresh };
  const [contents] = await Promise.all([
    inDatabase(server.address, asLoader, contentsOf, signal),
    inDatabase(server.address, asLoader, analyze, signal),
  ]);
  check(contents);

  await asServer(retireLoader(names));
  const asTenant = { login: spec.login, major, database: names.fresh };
  await inDatabase(server.address, asTenant, (session) => handOver(session, names.role), signal);
  await onServer((session) => dropRole(session, names.role));
  return { contents, skipped };
}
