import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startS3 } from '../backups/s3-server.js';
import { Installation } from './daemon-fixture.js';
import { startElsewhere } from './elsewhere.js';
import { NEWEST } from './engine-fixture.js';
import { HOST_ADDRESS } from './source-server.js';
import { blocksOf, ID_OF_LAST_ANSWER, runGuide, waitAt } from './run-guide.js';
import { until } from './until.js';

jest.setTimeout(240_000);

const ROWS = 'SELECT count(*)::int AS rows FROM orders';

/** The commands of a page, for the version that is tested with. */
const commandsOf = (page: string, heading?: string) =>
  blocksOf(page, heading).map((block) =>
    block.replaceAll('"17"', `"${NEWEST}"`).replaceAll('postgres:17-', `postgres:${NEWEST}-`),
  );

const WAIT = waitAt('$MAIN');

it('leads a database in, by its URL and by a dump', async () => {
  await using here = new Installation();
  await here.start({ PAASDB_IMPORT_ALLOW: HOST_ADDRESS });
  const elsewhere = await startElsewhere(here);
  await elsewhere.query('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1234) i');

  const answers = await runGuide(here, commandsOf('docs/moving-in.md'), {
    'SOURCE=': `SOURCE='${elsewhere.url}'`,
    'OPERATION=…': WAIT,
    'docker exec -i the-container': `docker exec -i ${elsewhere.name} pg_dump -U postgres -Fc shop > shop.dump`,
    'curl -sS -H "Authorization: Bearer $TOKEN" -H \'Content-Type: application/octet-stream\'': `curl -sS -H "Authorization: Bearer $TOKEN" -T shop.dump -X POST "$MAIN/import?clean=true" > answer
cat answer >> answers; echo >> answers
${WAIT}`,
  });
  expect(answers).toMatch(/"compared":true,"differences":\[\]/);
  const { directDsn } = await here.reveal('/api/orgs/default/apps/web/databases/main');
  expect(await here.query(directDsn, ROWS)).toEqual([{ rows: 1234 }]);
});

const PAGE = 'docs/recovering.md';
const DATABASE = '/api/orgs/default/apps/web/databases/main';
const DIRECT_DSN = `$(tail -n1 answers | grep -o '"directDsn":"[^"]*"' | cut -d'"' -f4)`;

it('leads a table, a database and a deleted one back, and all of them to another host', async () => {
  await using s3 = await startS3();
  const { endpoint, name: bucket, region, accessKeyId, secretAccessKey } = s3.bucket;
  await using lost = new Installation();
  await lost.start({
    // None but those of the page.
    PAASDB_BACKUP_SCHEDULE: '0 4 1 1 *',
    PAASDB_S3_BUCKET: bucket,
    PAASDB_S3_PREFIX: 'paas',
    PAASDB_S3_ENDPOINT: endpoint ?? '',
    PAASDB_S3_ACCESS_KEY_ID: accessKeyId,
    PAASDB_S3_SECRET_ACCESS_KEY: secretAccessKey,
  });
  await lost.createApp();
  expect((await lost.call('PUT', DATABASE, { body: {}, waitS: 60 })).status).toBe(201);
  const { directDsn } = await lost.reveal(DATABASE);
  await lost.query(directDsn, 'CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1234) i');
  expect((await lost.call('POST', `${DATABASE}/backups`, { waitS: 60 })).status).toBe(201);
  await lost.query(directDsn, 'DROP TABLE orders');
  const filledIn = {
    'BACKUP=…': `BACKUP=${ID_OF_LAST_ANSWER}`,
    'export FROM=…': `export FROM=${DIRECT_DSN}`,
    'export TO=…': `export TO=${DIRECT_DSN}`,
    'PREVIOUS=…': `PREVIOUS=$(tail -n1 answers | grep -o 'paasdb_previous_[a-z0-9]*')`,
    'ID=…': `ID=$(tail -n1 answers | grep -o '"databaseId":"[^"]*"' | head -n1 | cut -d'"' -f4)`,
    'OPERATION=…': WAIT,
  };

  const [beginning = '', choice = ''] = commandsOf(PAGE);
  await runGuide(
    lost,
    [beginning, choice, ...commandsOf(PAGE, 'One table dropped, or rows changed')],
    filledIn,
  );
  expect(await lost.query(directDsn, ROWS)).toEqual([{ rows: 1234 }]);

  await lost.query(directDsn, 'DELETE FROM orders WHERE id > 7');
  const replaced = [
    ...commandsOf(PAGE, 'One database lost'),
    ...commandsOf(PAGE, 'What was there before').map((block) => block.replace(/"'$/m, `"' > former`)),
  ];
  await runGuide(lost, [beginning, choice, ...replaced], filledIn);
  expect(await lost.query(directDsn, ROWS)).toEqual([{ rows: 1234 }]);
  expect(readFileSync(join(lost.dataDir, 'former'), 'utf8')).toMatch(/^ +7$/m);

  await lost.call('DELETE', `${DATABASE}?deleteVolume=true`, { waitS: 60 });
  await runGuide(lost, [beginning, ...commandsOf(PAGE, 'It was deleted')], filledIn);
  expect(await lost.query((await lost.reveal(DATABASE)).directDsn, ROWS)).toEqual([{ rows: 1234 }]);

  const copied = async (ending: string) => (await s3.keys()).filter((key) => key.endsWith(ending)).length;
  await until(async () => (await copied('.json')) === 2, 20_000);
  await lost.stop();
  await using found = new Installation();
  await found.start();
  const fetching = (line: string) =>
    line
      .replace(/#.*/, '')
      .replace('https://…', endpoint ?? '')
      .replace('REGION=…', `REGION=${region}`)
      .replace('ACCESS_KEY_ID=…', `ACCESS_KEY_ID=${accessKeyId}`)
      .replace('SECRET_ACCESS_KEY=…', `SECRET_ACCESS_KEY=${secretAccessKey}`)
      .replace(':bucket/prefix', `:${bucket}/paas`);
  const newest = (ending: string) => `"$(ls old-backups/databases/default/web/main-*/*${ending} | tail -n1)"`;
  await runGuide(found, [beginning, ...commandsOf(PAGE, 'The whole host lost')], {
    ...filledIn,
    'export RCLONE': fetching,
    'rclone copy': fetching,
    'age -d': `age -d -i ${lost.dataDir}/backup.key -o main.dump ${newest('.dump.age')}`,
    'sha256sum main.dump': `grep -q "$(sha256sum main.dump | cut -d' ' -f1)" ${newest('.json')}`,
  });
  expect(await found.query((await found.reveal(DATABASE)).directDsn, ROWS)).toEqual([{ rows: 1234 }]);
});
