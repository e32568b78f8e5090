import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Installation } from './daemon-fixture.js';

jest.setTimeout(180_000);

/** What a reader would fill in by hand, taken from the answer before. */
const FILLED_IN: Record<string, string> = {
  'DEPLOY_TOKEN=paasdb_…': `DEPLOY_TOKEN=$(tail -n1 answers | grep -o 'paasdb_[^"]*')`,
  'BACKUP=…': `BACKUP=$(tail -n1 answers | grep -o '"id":"[^"]*"' | head -n1 | cut -d'"' -f4)`,
  'VOLUME=…': `VOLUME=$(tail -n1 answers | grep -o '"id":"[^"]*"' | head -n1 | cut -d'"' -f4)`,
};

/** The shell blocks of a section of the README. */
function blocksOf(heading: string): string[] {
  const readme = readFileSync('README.md', 'utf8');
  const section = readme.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
}

test('the commands of the README do what it says, one after another', async () => {
  await using installation = new Installation();
  await installation.start();
  const token = blocksOf('Two commands').find((block) => block.startsWith('TOKEN=')) ?? '';
  const [first = '', , deploy = ''] = blocksOf('A first database with curl');
  const [backup = ''] = blocksOf('Back up');
  const [deletion = ''] = blocksOf('Delete, and get it back');
  const script = [token, first, deploy, backup, deletion]
    .join('')
    .replace('http://127.0.0.1:8080', installation.url)
    .replace('data/operator-token', 'operator-token')
    .split('\n')
    .map((line) => {
      const placeholder = Object.keys(FILLED_IN).find((start) => line.startsWith(start));
      if (placeholder !== undefined) return FILLED_IN[placeholder] ?? '';
      return /^(paas|curl) /.test(line)
        ? `${line.replace(/ +#.*/, '')} | tee answer >> answers; echo >> answers; grep -q '"code"' answer && exit 1`
        : line;
    })
    .join('\n');
  execFileSync('bash', ['-c', `${script}\ntrue`], {
    cwd: installation.dataDir,
    encoding: 'utf8',
    timeout: 120_000,
  });

  expect(readFileSync(`${installation.dataDir}/main.dump`).subarray(0, 5).toString()).toBe('PGDMP');
  const answers = readFileSync(`${installation.dataDir}/answers`, 'utf8');
  expect(answers.match(/^DATABASE_URL=postgresql:\/\/app:\w+@\S+:6432\/app$/gm)).toHaveLength(2);
  expect(answers).toMatch(/"name":"main".*"status":"ready"/);
  expect(answers).toMatch(/"state":"preserved"/);
  expect(answers).toMatch(/"state":"purging"/);
});
