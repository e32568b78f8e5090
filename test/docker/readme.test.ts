import { readFileSync } from 'node:fs';
import { Installation } from './daemon-fixture.js';
import { blocksOf, ID_OF_LAST_ANSWER, runGuide } from './run-guide.js';

jest.setTimeout(180_000);

/** What a reader would fill in by hand, taken from the answer before. */
const FILLED_IN: Record<string, string> = {
  'DEPLOY_TOKEN=paasdb_…': `DEPLOY_TOKEN=$(tail -n1 answers | grep -o 'paasdb_[^"]*')`,
  'BACKUP=…': `BACKUP=${ID_OF_LAST_ANSWER}`,
  'VOLUME=…': `VOLUME=${ID_OF_LAST_ANSWER}`,
};

test('the commands of the README do what it says, one after another', async () => {
  await using installation = new Installation();
  await installation.start();
  const token = blocksOf('README.md', 'Two commands').find((block) => block.startsWith('TOKEN=')) ?? '';
  const [first = '', , deploy = ''] = blocksOf('README.md', 'A first database with curl');
  const [backup = ''] = blocksOf('README.md', 'Back up');
  const [deletion = ''] = blocksOf('README.md', 'Delete, and get it back');
  const answers = runGuide(installation, [token, first, deploy, backup, deletion], FILLED_IN);

  expect(readFileSync(`${installation.dataDir}/main.dump`).subarray(0, 5).toString()).toBe('PGDMP');
  expect(answers.match(/^DATABASE_URL=postgresql:\/\/app:\w+@\S+:6432\/app$/gm)).toHaveLength(2);
  expect(answers).toMatch(/"name":"main".*"status":"ready"/);
  expect(answers).toMatch(/"state":"preserved"/);
  expect(answers).toMatch(/"state":"purging"/);
});
