import { join } from 'node:path';
import { Installation } from './daemon-fixture.js';
import { startElsewhere } from './elsewhere.js';
import { blocksOf, ID_OF_LAST_ANSWER, runGuide, waitAt } from './run-guide.js';
import { HOST_ADDRESS } from './source-server.js';

jest.setTimeout(180_000);

/** What a reader would fill in by hand, taken from the answer before. */
const FILLED_IN: Record<string, string> = {
  'DEPLOY_TOKEN=paasdb_…': `DEPLOY_TOKEN=$(tail -n1 answers | grep -o 'paasdb_[^"]*')`,
  'BACKUP=…': `BACKUP=${ID_OF_LAST_ANSWER}`,
  'VOLUME=…': `VOLUME=${ID_OF_LAST_ANSWER}`,
};

test('the commands of the README do what it says, one after another', async () => {
  await using installation = new Installation();
  await installation.start({ PAASDB_IMPORT_ALLOW: HOST_ADDRESS });
  const elsewhere = await startElsewhere(installation);
  await elsewhere.query('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1234) i');
  await elsewhere.dump(join(installation.dataDir, 'old.dump'), ['--format=custom']);
  const token = blocksOf('README.md', 'Two commands').find((block) => block.startsWith('TOKEN=')) ?? '';
  const [first = '', , deploy = ''] = blocksOf('README.md', 'A first database with curl');
  const [backup = ''] = blocksOf('README.md', 'Back up');
  const [moves = ''] = blocksOf('README.md', 'Restore, import, export');
  const [deletion = ''] = blocksOf('README.md', 'Delete, and get it back');
  const answers = await runGuide(installation, [token, first, deploy, backup, moves, deletion], {
    ...FILLED_IN,
    'paas $DATABASES/main/import': `paas $DATABASES/main/import -d '{"sourceUrl": "${elsewhere.url}", "clean": true}' > answer
cat answer >> answers; echo >> answers
${waitAt('$DATABASES/main')}`,
  });

  expect(answers.match(/"kind":"restore","status":"succeeded"/g)).toHaveLength(2);
  expect(answers).toMatch(/"kind":"import","status":"queued"[^]*"compared":true,"differences":\[\]/);
  // The export of what came from there goes back with the tools there.
  await elsewhere.query('DROP TABLE orders');
  await elsewhere.restore(join(installation.dataDir, 'main.dump'));
  expect(await elsewhere.query('SELECT count(*)::int AS rows FROM orders')).toEqual([{ rows: 1234 }]);
  expect(answers.match(/^DATABASE_URL=postgresql:\/\/app:\w+@\S+:6432\/app$/gm)).toHaveLength(2);
  expect(answers).toMatch(/"name":"main".*"status":"ready"/);
  expect(answers).toMatch(/"state":"preserved"/);
  expect(answers).toMatch(/"state":"purging"/);
});
