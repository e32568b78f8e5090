import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { POSTGRES_IMAGE } from './engine-fixture.js';
import type { Installation } from './daemon-fixture.js';

const run = promisify(execFile);

/** The shell blocks of a page, or of one of its sections, those that are indented under a list too. */
export function blocksOf(page: string, heading?: string): string[] {
  const text = readFileSync(page, 'utf8');
  const part =
    heading === undefined
      ? text
      : (text.split(/^##+ /m).find((section) => section.startsWith(`${heading}\n`)) ?? '');
  return [...part.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

/** Takes the first id out of the answer before. */
export const ID_OF_LAST_ANSWER = `$(tail -n1 answers | grep -o '"id":"[^"]*"' | head -n1 | cut -d'"' -f4)`;

/** Has the reader wait until the operation of the last answer is done, which is one of this database. */
export const waitAt = (database: string) => `OPERATION=${ID_OF_LAST_ANSWER}
for i in $(seq 600); do
  paas ${database}/operations/$OPERATION > answer; grep -qE '"status":"(succeeded|failed)"' answer && break; sleep 0.1
done
cat answer >> answers; echo >> answers; grep -q '"status":"succeeded"' answer || { cat answer >&2; exit 1; }`;

/**
 * Types the commands of a page one after another, in the data directory of an installation. Fails at the first that
 * does, and at an answer that is a problem. What this machine is set to for S3 is not the reader's. Returns all answers
 * of the API.
 *
 * @param filledIn what a reader fills in by hand: lines, or what becomes of them, by what they begin with
 */
export async function runGuide(
  installation: Installation,
  blocks: readonly string[],
  filledIn: Record<string, string | ((line: string) => string)>,
): Promise<string> {
  const script = blocks
    .join('')
    .replaceAll('http://127.0.0.1:8080', installation.url)
    .replaceAll('data/operator-token', 'operator-token')
    .replaceAll('docker compose exec -T paasdb cat /var/lib/paasdb/', 'cat ')
    .replaceAll('--network paas-apps', `--network ${installation.network}`)
    .replaceAll(/postgres:(\d+)-alpine/g, (_, major: string) => POSTGRES_IMAGE.replace('{version}', major))
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => {
      const [, filled] = Object.entries(filledIn).find(([start]) => line.startsWith(start)) ?? [];
      if (filled !== undefined) return typeof filled === 'string' ? filled : filled(line);
      return /^(paas|curl) /.test(line)
        ? `${line.replace(/ +#.*/, '')} | tee answer >> answers; echo >> answers; grep -q '"code"' answer && { cat answer >&2; exit 1; }`
        : line;
    })
    .join('\n');
  await run('bash', ['-c', `set -eo pipefail\n${script}\ntrue`], {
    cwd: installation.dataDir,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|RCLONE)_/.test(name))),
    timeout: 150_000,
  });
  return readFileSync(`${installation.dataDir}/answers`, 'utf8');
}
