import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Fields that hold secrets, wherever a log call might put them. Everything is logged by field, nothing by template. */
const SECRET_FIELDS = [
  'password',
  'verifier',
  'token',
  'authorization',
  'secretAccessKey',
  'dsn',
  'directDsn',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
];

export function createLogger(level: LogLevel, destination?: DestinationStream): PinoLogger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
