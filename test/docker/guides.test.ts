import { Installation } from './daemon-fixture.js';
import { startElsewhere } from './elsewhere.js';
import { NEWEST } from './engine-fixture.js';
import { HOST_ADDRESS } from './source-server.js';
import { blocksOf, ID_OF_LAST_ANSWER, runGuide } from './run-guide.js';

jest.setTimeout(240_000);

const ROWS = 'SELECT count(*)::int AS rows FROM orders';

/** Has the reader wait until the operation of the last answer is done. */
const WAIT = `OPERATION=${ID_OF_LAST_ANSWER}
for i in $(seq 600); do
  paas $MAIN/operations/$OPERATION > answer; grep -qE '"status":"(succeeded|failed)"' answer && break; sleep 0.1
done
cat answer >> answers; echo >> answers; grep -q '"status":"succeeded"' answer || { cat answer; exit 1; }`;

it('leads a database in, by its URL and by a dump', async () => {
  await using here = new Installation();
  await here.start({ PAASDB_IMPORT_ALLOW: HOST_ADDRESS });
  const elsewhere = await startElsewhere(here);
  await elsewhere.query('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1234) i');

  const answers = runGuide(
    here,
    blocksOf('docs/moving-in.md').map((block) => block.replaceAll('"17"', `"${NEWEST}"`)),
    {
      'SOURCE=': `SOURCE='${elsewhere.url}'`,
      'OPERATION=…': WAIT,
      'docker exec -i the-container': `docker exec -i ${elsewhere.name} pg_dump -U postgres -Fc shop > shop.dump`,
      'curl -sS -H "Authorization: Bearer $TOKEN" -H \'Content-Type: application/octet-stream\'': `curl -sS -H "Authorization: Bearer $TOKEN" -T shop.dump -X POST "$MAIN/import?clean=true" > answer
cat answer >> answers; echo >> answers
${WAIT}`,
    },
  );
  expect(answers).toMatch(/"compared":true,"differences":\[\]/);
  const { directDsn } = await here.reveal('/api/orgs/default/apps/web/databases/main');
  expect(await here.query(directDsn, ROWS)).toEqual([{ rows: 1234 }]);
});
