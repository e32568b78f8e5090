import type { SourceServer } from '../../../../src/runtime/runtime.js';
import { passLine, sourceConnection } from '../../../../src/runtime/docker/source/source-connection.js';

const SERVER: SourceServer = {
  host: 'db.example.org',
  address: '203.0.113.7',
  port: 5433,
  database: 'shop',
  user: 'reader',
  password: 'hush',
  sslMode: 'require',
};

it('connects to the address, and takes the name for the certificate', () => {
  const connection = sourceConnection(SERVER, 17);
  expect(connection).toMatchObject({
    PGHOST: 'db.example.org',
    PGHOSTADDR: '203.0.113.7',
    PGPORT: '5433',
    PGDATABASE: 'shop',
    PGUSER: 'reader',
    PGSSLMODE: 'require',
    PGCONNECT_TIMEOUT: '15',
  });
  expect(Object.keys(connection)).not.toContain('PGSSLROOTCERT');
});

it('has no password, nor what poolers refuse', () => {
  const connection = sourceConnection(SERVER, 17);
  expect(JSON.stringify(connection)).not.toContain('hush');
  expect(Object.keys(connection)).not.toContain('PGOPTIONS');
});

it('verifies certificates where the programs know whom to trust, and says where they do not', () => {
  const server = { ...SERVER, sslMode: 'verify-full' } as const;
  expect(sourceConnection(server, 16)).toMatchObject({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' });
  expect(() => sourceConnection(server, 15)).toThrow(/version 16 or newer, or use sslmode=require/);
});

it('writes any password into a line, but one with a line break', () => {
  expect(passLine('a:b\\c')).toBe('*:*:*:*:a\\:b\\\\c\n');
  expect(passLine('')).toBe('*:*:*:*:\n');
  expect(() => passLine('a\n*:*:*:*:b')).toThrow(/line break/);
});
