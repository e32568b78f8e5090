import type { OpenBytes, SizedBytes } from '../../runtime.js';
import { withDeadline } from '../engine/deadline.js';
import { placeScript } from '../script/place-script.js';
import { runScript } from '../script/run-script.js';
import { HEAD_BYTES, readScriptHead } from '../script/script-head.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { scratchFolder } from '../workbench/workbench.js';

const HEAD_MS = 5 * 60_000;

/** Looks at both ends of a script, and copies it into the workbench. */
export async function prepareScript(
  { engine, containerId, major, onProgress }: PreparationPlace,
  { open, sizeBytes }: SizedBytes,
  signal: AbortSignal,
): Promise<Preparation> {
  const head = await withDeadline(HEAD_MS, signal, () => headOf(open));
  const { isDump } = readScriptHead(head.toString('utf8'), major);
  onProgress('Copying the script', 0, 1);
  const path = `${scratchFolder(major)}/script.sql`;
  const script = await placeScript(engine, { containerId, path, open, sizeBytes, isDump }, signal);
  return {
    keepsOwners: false,
    source: null,
    load: (connection, inner) => {
      const report = (done: number, total: number) => onProgress('Running the script', done, total);
      return runScript(engine.execs, { script, connection, onProgress: report }, inner);
    },
  };
}

async function headOf(open: OpenBytes): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const piece of open()) {
    head = Buffer.concat([head, piece]);
    if (head.length >= HEAD_BYTES) break;
  }
  return head.subarray(0, HEAD_BYTES);
}
