import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from '../../scripts/generated-files.js';
import { REPOSITORY } from '../repository.js';

describe('a file that is made from the source', () => {
  it.each(Object.entries(generatedFiles(REPOSITORY)))('is up to date: %s', (path, content) => {
    const checkedIn = readFileSync(join(REPOSITORY, path), 'utf8');
    if (checkedIn !== content) throw new Error(`${path} is out of date: run "npm run generate"`);
  });
});
