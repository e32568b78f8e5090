import { SETTINGS, type Setting } from '../src/settings.js';

/** What only docker-compose.yml reads, with the defaults that it has. */
export const COMPOSE_SETTINGS: readonly Setting[] = [
  {
    name: 'PAASDB_PUBLISH',
    default: '127.0.0.1:8080',
    meaning: 'where the host serves the API: address and port',
  },
  {
    name: 'PAASDB_IMAGE',
    default: 'paasdb:local',
    meaning: 'what the image that is built here is called',
  },
  {
    name: 'PAASDB_BUILD_IMAGE',
    default: 'node:22-bookworm',
    meaning: 'image that the daemon is built in: Node.js with npm, Python, make and g++',
  },
  { name: 'PAASDB_NODE_IMAGE', default: 'node:22-bookworm-slim', meaning: 'image that the daemon runs on' },
  {
    name: 'PAASDB_HAPROXY_IMAGE',
    default: 'haproxy:3.2-alpine',
    meaning: 'image that the proxy before Docker’s socket runs on: HAProxy 3.0 or newer',
  },
  {
    name: 'DOCKER_SOCKET',
    default: '/var/run/docker.sock',
    meaning: 'Docker’s socket on the host; that of a rootless Docker is `$XDG_RUNTIME_DIR/docker.sock`',
  },
];

/** Settings whose values the image has: paths in the container, and where it listens. */
export const IMAGE_SETTINGS: readonly string[] = ['HOST', 'PORT', 'DATA_DIR', 'BACKUP_DIR'];

/** The template of `.env`, which docker compose reads. */
export function envExample(): string {
  const settings = SETTINGS.filter(({ name }) => !IMAGE_SETTINGS.includes(name));
  const fixed = IMAGE_SETTINGS.map((name) => `PAASDB_${name}`).join(', ');
  return [
    '# For docker compose: copy this to .env, and remove the # before what shall be different from the default',
    '# that is shown. `docker compose up -d` applies it. Made by `npm run generate`.',
    `# Not here: ${fixed}, which the image sets.`,
    ...settings.flatMap(({ name, ...setting }) => lines({ name: `PAASDB_${name}`, ...setting })),
    '',
    '# Of Compose alone:',
    ...COMPOSE_SETTINGS.flatMap(lines),
    '',
  ].join('\n');
}

function lines({ name, default: value, meaning }: Setting): string[] {
  return ['', `# ${meaning}`, `#${name}=${value}`];
}
