import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { Installation } from '../test/docker/daemon-fixture.js';
import { apiFigures } from './api-latency.js';
import { formatFigures, meetsGoal, ratioOf, type Figure } from './figure.js';
import { idleFigures } from './idle.js';
import { moveFigures } from './moves.js';
import { provisionFigures } from './provision.js';
import { seedCatalogue } from './seed-catalogue.js';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
    scale: { type: 'string', default: '1' },
  },
});

const PARTS: Record<string, (installation: Installation) => Promise<Figure[]>> = {
  provision: (installation) => provisionFigures(installation, { singleRuns: 7, batchRuns: 3, batchSize: 10 }),
  api: apiFigures,
  moves: (installation) => moveFigures(installation, Number(values.scale)),
  idle: idleFigures,
};

const unknown = (values.only ?? []).filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(
    `bench: there is no part ${unknown.join(', ')}; the parts are ${Object.keys(PARTS).join(', ')}`,
  );
  process.exit(2);
}

if (!/^[1-9]\d?$/.test(values.scale)) {
  console.error('bench: --scale is how many times 500 MB are moved, 1 to 99');
  process.exit(2);
}

const figures: Figure[] = [];
{
  await using installation = new Installation();
  seedCatalogue(installation.dataDir, 1000);
  await installation.start({ PAASDB_LOG_LEVEL: 'info' });
  for (const [name, measure] of Object.entries(PARTS)) {
    if (values.only && !values.only.includes(name)) continue;
    console.error(`bench: ${name}`);
    figures.push(...(await measure(installation)));
  }
  await installation.stop();
}

console.log(formatFigures(figures));
if (values.json !== undefined) {
  const machine = { processors: cpus().length, model: cpus()[0]?.model, memoryBytes: totalmem() };
  const withRatios = figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), met: meetsGoal(figure) }));
  writeFileSync(values.json, `${JSON.stringify({ machine, figures: withRatios }, null, 2)}\n`);
}
if (figures.some((figure) => meetsGoal(figure) === false)) process.exitCode = 1;
