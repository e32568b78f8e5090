import { generateId } from '../../../secrets/random.js';
import type { SizedBytes } from '../../runtime.js';
import { RuntimeError } from '../../runtime-error.js';
import type { Engine } from '../engine/engine.js';
import { TextTail } from '../engine/text-tail.js';
import { putFile } from '../files/put-file.js';
import { endsAsDump, endsInCopy, TAIL_BYTES } from './script-head.js';

/** A script in a container that has psql. */
export interface PlacedScript {
  containerId: string;
  path: string;
  sizeBytes: number;
  /**
   * Printed by psql behind all that came before, unless it takes that for a part of something unfinished. After it come
   * whether a transaction would be lost, `t` or `f`, and how ON_ERROR_ROLLBACK is set.
   */
  mark: string;
}

/**
 * Asks whether there is a transaction that has changed something and would be lost. The script's last statement may have
 * no end of its own; but an empty one directly after a COPY makes psql leave without a word.
 */
const uncommitted = (end: ';' | ' ') => `
${end}
SELECT pg_catalog.txid_current_if_assigned() IS NOT NULL AS uncommitted \\gset
`;

/** Copies a script into a container, with something behind it that tells whether psql came to its end. */
export async function placeScript(
  engine: Pick<Engine, 'containers'>,
  {
    containerId,
    path,
    open,
    sizeBytes,
    isDump,
  }: SizedBytes & { containerId: string; path: string; isDump: boolean },
  signal: AbortSignal,
): Promise<PlacedScript> {
  const mark = `paasdb-${generateId()}`;
  const behind = (end: ';' | ' ') =>
    Buffer.from(`${uncommitted(end)}\\echo ${mark} :uncommitted :ON_ERROR_ROLLBACK\n`);
  const end = new TextTail(TAIL_BYTES);
  async function* pieces() {
    for await (const piece of open()) {
      end.add(piece);
      yield piece;
    }
    yield behind(endsInCopy(String(end)) ? ' ' : ';');
  }
  const file = { containerId, path, open: pieces, sizeBytes: sizeBytes + behind(';').length };
  await putFile(engine, file, signal);
  if (isDump && !endsAsDump(String(end))) {
    throw new RuntimeError('archive_unusable', 'The script is a dump without its end: it was cut off');
  }
  return { containerId, path, sizeBytes: file.sizeBytes, mark };
}
