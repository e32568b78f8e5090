import type { OpenBytes } from '../../runtime.js';
import { withDeadline } from '../engine/deadline.js';
import type { Preparation, PreparationPlace } from './preparation.js';
import { runScript } from './run-script.js';
import { HEAD_BYTES, readScriptHead } from './script-head.js';

const HEAD_MS = 5 * 60_000;

/** Looks at the beginning of a script. */
export async function prepareScript(
  { engine, containerId, major, onProgress }: PreparationPlace,
  { open, sizeBytes }: { open: OpenBytes; sizeBytes: number },
  signal: AbortSignal,
): Promise<Preparation> {
  const head = await withDeadline(HEAD_MS, signal, () => headOf(open));
  const { isDump } = readScriptHead(head.toString('utf8'), major);
  return {
    keepsOwners: false,
    source: null,
    load: (connection, inner) => {
      const report = (done: number, total: number) => onProgress('Running the script', done, total);
      const job = { containerId, connection, open, sizeBytes, isDump, onProgress: report };
      return runScript(engine.execs, job, inner);
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
