import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecRequest, Execs, RunningProgram } from '../../../../src/runtime/docker/engine/exec.js';
import { runScript } from '../../../../src/runtime/docker/script/run-script.js';
import { temporaryFolder } from '../../../temporary-folder.js';

const MARK = 'paasdb-mark';
const never = new AbortController().signal;

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => (folder = temporaryFolder()));
afterEach(() => folder[Symbol.dispose]());

/** Runs the programs of a container here, and lets so many bytes of what they print through. */
function here(bytes = Infinity): Execs {
  const follow = async <T>(
    { argv, onStderr }: ExecRequest,
    use: (program: RunningProgram) => Promise<T>,
  ): Promise<T> => {
    const [program = '', ...values] = argv;
    const env = { PATH: `${folder.path}:${process.env.PATH}` };
    const child = spawn(program, values, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => onStderr?.(chunk));
    const closed = once(child, 'close');
    async function* stdout() {
      let left = bytes;
      for await (const chunk of child.stdout) {
        yield (chunk as Buffer).subarray(0, left);
        left = Math.max(0, left - (chunk as Buffer).length);
      }
      // As from an engine, where the end is that of both.
      await closed;
    }
    return use({ stdout: stdout(), exit: () => Promise.reject(new Error('nobody asks')) });
  };
  return { follow } as unknown as Execs;
}

/** Has psql be this script of sh, and returns what comes of running something of 10 bytes with it. */
async function run(
  psql: string,
  execs = here(),
  onProgress: (done: number, total: number) => void = () => undefined,
) {
  writeFileSync(join(folder.path, 'psql'), `#!/bin/sh\n${psql}\n`, { mode: 0o700 });
  const path = join(folder.path, 'script.sql');
  writeFileSync(path, 'SELECT 1;\n');
  const script = { containerId: 'c1', path, mark: MARK, sizeBytes: 10 };
  return runScript(execs, { script, connection: {}, onProgress }, never);
}

it('takes what came to its end', async () => {
  expect(await run(`cat >/dev/null; echo ${MARK} f on`)).toEqual([]);
});

it('tells how far it is, each second', async () => {
  const seen: number[][] = [];
  await run(`head -c 4 >/dev/null; sleep 1.3; cat >/dev/null; echo ${MARK} f on`, here(), (...progress) => {
    seen.push(progress);
  });
  // What reads four bytes may have taken more of a file at once.
  expect(seen.at(-1)).toEqual([expect.any(Number), 10]);
  expect(seen.at(-1)?.[0]).toBeGreaterThan(0);
  expect(seen.length).toBeGreaterThanOrEqual(2);
});

it.each([
  ['ends before what stands behind it', 'echo other', /middle of a statement/],
  ['prints what stands behind it, and more', `echo ${MARK} f on; echo more`, /middle of a statement/],
  ['leaves something uncommitted', `echo ${MARK} t on`, /without a COMMIT/],
])('refuses one that %s', async (_what, psql, message) => {
  await expect(run(psql)).rejects.toMatchObject({
    code: 'archive_unusable',
    message: expect.stringMatching(message),
  });
});

describe.each([
  ['on', true],
  ['ON', true],
  ['off', false],
  ['y', true],
  ['interactive', false],
])('with ON_ERROR_ROLLBACK %s', (rollback, isFine) => {
  const behind = `cat >/dev/null; echo ${MARK} f ${rollback}`;

  it('takes what was without an error', async () => {
    expect(await run(behind)).toEqual([]);
  });

  it(`${isFine ? 'takes' : 'refuses'} what was not`, async () => {
    const harmless = 'psql:<stdin>:1: ERROR:  42P01: no table\\npsql:<stdin>:1: STATEMENT:  DROP TABLE a;';
    const ran = run(`printf '%b\\n' '${harmless}' >&2; ${behind}`);
    if (isFine) expect(await ran).toEqual([]);
    else await expect(ran).rejects.toThrow(/ON_ERROR_ROLLBACK.*line 1: no table/);
  });
});

it('says that psql was killed', async () => {
  await expect(run('kill -9 $$')).rejects.toMatchObject({ message: expect.stringMatching(/ended with 137/) });
});

it.each([
  ['the connection is cut before the end', `echo ${MARK} f on`, here(MARK.length + 6)],
  ['the shell is killed', 'kill -9 $PPID', here()],
])('does not take it for done when %s, and tells nothing of what was printed', async (_what, psql, execs) => {
  const tolerated =
    'psql:<stdin>:1: ERROR:  42704: role "x" does not exist\\npsql:<stdin>:1: STATEMENT:  GRANT SELECT ON hush TO x;';
  const failure = run(`printf '%b\\n' '${tolerated}' >&2; ${psql}`, execs);
  await expect(failure).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.not.stringMatching(/hush/),
  });
});
