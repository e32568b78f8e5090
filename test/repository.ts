import { resolve } from 'node:path';

/** The root of the repository, and what tests read from it. */
export const REPOSITORY = resolve(__dirname, '..');
export const MIGRATIONS = resolve(REPOSITORY, 'migrations');
