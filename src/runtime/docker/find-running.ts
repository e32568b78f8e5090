import type { StepDeps } from './attempt.js';
import { kindLabels, LABEL, type Kind } from './labels.js';

/** The id of a database's container of this kind, if there is one that runs. */
export async function findRunning(
  { engine, prefix }: Pick<StepDeps, 'engine' | 'prefix'>,
  kind: Extract<Kind, 'postgres' | 'pooler'>,
  databaseId: string,
  signal: AbortSignal,
): Promise<{ id: string | null; exists: boolean }> {
  const labels = { ...kindLabels(prefix, kind), [LABEL.database]: databaseId };
  const listed = await engine.containers.list(labels, signal);
  const running = listed.find(({ status }) => status === 'running');
  return { id: running?.id ?? null, exists: listed.length > 0 };
}
