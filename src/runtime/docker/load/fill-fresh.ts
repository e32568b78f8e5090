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
import { putText } from './put-text.js';
import { analyze } from './analyze.js';
import { contentsOf, inDatabase } from './read-loaded.js';
import { asSuperuser } from '../sql/superuser.js';
import { Together } from '../together.js';
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
  const onServer = (use: (session: Session) => Promise<void>, inner = signal) =>
    asSuperuser(execs, server.container.id, use, inner);
  const { keepsOwners } = preparation;
  const fresh = makeFresh(names, { verifier: scramVerifier(password), keepsOwners });
  const text = `*:*:*:*:${password}\n`;
  const making = new Together(signal);
  await making.all(
    onServer((session) => runAll(session, fresh), making.signal),
    putText(execs, { containerId: workbenchId, path: PASS_FILE, text }, making.signal),
  );
  const place = { ...server.address, user: names.role, database: names.fresh, passFile: PASS_FILE };
  const connection = loadingWith(remoteConnection(place), { major, memoryBytes: spec.resources.memoryBytes });
  const skipped = await preparation.load(connection, signal);

  onProgress('Checking what was loaded', 0, 1);
  const login = { role: names.role, password };
  const asLoader = { login, major, database: names.fresh };
  const checking = new Together(signal);
  const inFresh = <T>(use: (session: Session) => Promise<T>) =>
    inDatabase(server.address, asLoader, use, checking.signal);
  const count = async () => {
    // And with it whatever a script has started.
    await engine.containers.stop(workbenchId, 0, checking.signal);
    return inFresh(contentsOf);
  };
  const [contents] = await checking.all(count(), analyze(inFresh));
  check(contents);

  const asTenant = { login: spec.login, major, database: names.fresh };
  await onServer(async (session) => {
    await runAll(session, retireLoader(names));
    await inDatabase(server.address, asTenant, (tenant) => handOver(tenant, names.role), signal);
    await dropRole(session, names.role);
  });
  return { contents, skipped };
}

async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await session.run(statement);
}
