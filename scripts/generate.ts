import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './generated-files.js';

// Writes the files that are made from the source. A test fails when one of them is out of date.
const root = fileURLToPath(new URL('..', import.meta.url));
for (const [path, content] of Object.entries(generatedFiles(root))) {
  writeFileSync(join(root, path), content);
  process.stdout.write(`${path}\n`);
}
