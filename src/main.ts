import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig, type Config } from './config.js';
import { startDaemon } from './daemon.js';
import { letHeapGrow } from './heap-growth.js';
import { createLogger } from './logger.js';
import { raisePriority } from './priority.js';

const USAGE = `paasdb: managed PostgreSQL on one Docker host

Usage: node dist/main.js [--version | --help]

It is configured by environment variables PAASDB_*, which the README lists.
`;

/** How long a stop may take before the process ends all the same: every start takes up what was cut short. */
const STOP_TIMEOUT_MS = 25_000;

/** Exit codes: 0 stopped when asked, 1 could not start or failed, 2 wrong arguments or settings. */
async function main(args: string[]): Promise<void> {
  const version = readVersion();
  if (args.includes('--version')) write(`${version}\n`);
  else if (args.includes('--help')) write(USAGE);
  else if (args.length > 0) fail(2, `unknown argument ${args[0]}\n\n${USAGE}`);
  else {
    const config = parseConfig();
    if (config) await run(config, version);
  }
}

async function run(config: Config, version: string): Promise<void> {
  const raised = raisePriority();
  letHeapGrow();
  const logger = createLogger(config.logLevel);
  logger.debug({ raised }, 'asked for more processor time than the databases that are made');
  const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));
  const daemon = await startDaemon({ config, logger, version, migrationsFolder });
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(0), STOP_TIMEOUT_MS).unref();
    daemon.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function parseConfig(): Config | null {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    fail(2, `${error.message}\n`);
    return null;
  }
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function write(text: string): void {
  process.stdout.write(text);
}

function fail(code: number, text: string): void {
  process.stderr.write(text);
  process.exitCode = code;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  fail(1, `paasdb could not start: ${error instanceof Error ? error.message : String(error)}\n`);
});
