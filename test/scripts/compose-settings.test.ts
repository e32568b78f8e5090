import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPOSE_SETTINGS, IMAGE_SETTINGS } from '../../scripts/env-example.js';
import { SETTINGS } from '../../src/settings.js';
import { REPOSITORY } from '../repository.js';

const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

/** `NAME=default`, for each match of a pattern with these two groups, sorted. */
function defaultsIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '', value = '']) => `${name}=${value}`).sort();
}

const compose = read('docker-compose.yml');

describe('docker-compose.yml', () => {
  it('hands every setting to the daemon but those of the image', () => {
    const handed = [...compose.matchAll(/^ +PAASDB_(\w+): \$\{PAASDB_\1:-\}$/gm)].map(([, name]) => name);
    const fixed = [...read('Dockerfile').matchAll(/\bPAASDB_(\w+)=/g)].map(([, name]) => name);
    expect(fixed).toEqual(IMAGE_SETTINGS);
    expect(handed).toEqual(SETTINGS.map(({ name }) => name).filter((name) => !IMAGE_SETTINGS.includes(name)));
  });

  it('reads of its own what .env.example says, with the same defaults', () => {
    expect(defaultsIn(compose, /\$\{(\w+):-([^}]+)\}/g)).toEqual(
      COMPOSE_SETTINGS.map(({ name, default: value }) => `${name}=${value}`).sort(),
    );
  });

  it('builds on the images that the Dockerfiles and the scripts name too', () => {
    const images = defaultsIn(compose, /\$\{PAASDB_((?:BUILD|NODE|HAPROXY)_IMAGE):-([^}]+)\}/g);
    const dockerfiles = read('Dockerfile') + read('deploy/socket-proxy/Dockerfile');
    expect(images).toHaveLength(3);
    expect(defaultsIn(dockerfiles, /^ARG (\w+)=(\S+)$/gm)).toEqual(images);
    expect(defaultsIn(read('images/names'), /^((?:BUILD|NODE|HAPROXY)_IMAGE)=\$\{\w+:-([^}]+)\}$/gm)).toEqual(
      images,
    );
  });
});
