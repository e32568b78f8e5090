import { Writable } from 'node:stream';
import { createLogger, type LogLevel } from '../src/logger.js';

const SECRETS = [
  'password',
  'verifier',
  'token',
  'authorization',
  'dsn',
  'directDsn',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
];

function captureLog(level: LogLevel) {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, logger: createLogger(level, destination) };
}

describe('the log', () => {
  it.each(SECRETS)('never shows the field %s, up to two levels down', (field) => {
    const { logger, lines } = captureLog('info');
    logger.info({ [field]: 'hunter2' }, 'at the top');
    logger.info({ database: { [field]: 'hunter2' } }, 'one down');
    logger.info({ answer: { body: { [field]: 'hunter2' } } }, 'two down');
    logger.info({ list: [{ [field]: 'hunter2' }] }, 'in a list');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).not.toContain('hunter2');
      expect(line).toContain('[redacted]');
    }
  });

  it('never shows a secret that an error carries', () => {
    const { logger, lines } = captureLog('info');
    const err = Object.assign(new Error('login failed'), { password: 'hunter2' });
    logger.error({ err }, 'failed');
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('login failed');
  });

  it('shows everything else, as one line of JSON with the level in words and the time in UTC', () => {
    const { logger, lines } = captureLog('info');
    logger.warn({ databaseId: '1abc' }, 'it is slow');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      databaseId: '1abc',
      msg: 'it is slow',
    });
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = captureLog('warn');
    logger.info({}, 'no');
    logger.warn({}, 'yes');
    expect(lines).toHaveLength(1);
  });

  it('can be silent', () => {
    const { logger, lines } = captureLog('silent');
    logger.error({}, 'no');
    expect(lines).toEqual([]);
  });
});
