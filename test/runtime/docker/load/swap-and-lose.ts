import type { ExecRequest, Execs, RunningProgram } from '../../../../src/runtime/docker/engine/exec.js';
import { loadNames } from '../../../../src/runtime/docker/load/load-names.js';
import { swap } from '../../../../src/runtime/docker/load/swap.js';

// A process of its own for swap.test.ts: swaps in a PostgreSQL that is lost, to both sessions at once, as soon as one of
// them begins to rename. Prints how that ended.

/** Answers as psql does that has found nothing, and ends at the first statement of the exchange. */
async function* psql(stdin: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of stdin) {
    const text = String(piece);
    if (/BEGIN|pg_terminate_backend/.test(text)) return;
    const mark = /\\echo '(.+)' :ERROR/.exec(text)?.[1] ?? '';
    yield Buffer.from(`${mark} false 00000\n${mark}\n`);
  }
}

const execs = {
  follow: <T>({ stdin }: ExecRequest, use: (program: RunningProgram) => Promise<T>): Promise<T> =>
    use({
      stdout: psql(stdin as AsyncIterable<Buffer>),
      exit: () => Promise.reject(new Error('nobody asks')),
    }),
} as unknown as Execs;

try {
  await swap({ execs, postgresId: 'c1', poolerId: null }, loadNames('l1'));
  process.stdout.write('swapped');
} catch (error) {
  process.stdout.write((error as Error).message);
}
