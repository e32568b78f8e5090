import { formatManifest, ManifestError, parseManifest, type Manifest } from '../../src/backups/manifest.js';
import { KEY, manifestOf } from './sample-manifest.js';

const FILE = '/backups/some.json';
const MANIFEST = manifestOf(KEY, { sizeBytes: 5, sha256: 'ab'.repeat(32) });
const document = () => JSON.parse(formatManifest(MANIFEST)) as Manifest & { format: string; version: number };
const parse = (content: unknown) => parseManifest(JSON.stringify(content), FILE);

describe('a manifest', () => {
  it('is read as it was written', () => {
    expect(parseManifest(formatManifest(MANIFEST), FILE)).toEqual(MANIFEST);
  });

  it('says what it is to whoever opens it without us', () => {
    expect(formatManifest(MANIFEST)).toMatch(
      /^\{\n {2}"format": "paasdb-backup",\n {2}"version": 1,\n {2}"backupId": "2b0/,
    );
    expect(document()).toMatchObject({
      org: 'acme',
      app: 'web-shop',
      databaseName: 'main',
      engineVersion: 17,
      sizeBytes: 5,
      file: { sizeBytes: 5, encryption: null },
      contents: { tables: [{ schema: 'public', name: 'orders', rows: 42 }] },
    });
  });

  it('holds any name that PostgreSQL takes for a table', () => {
    const tables = [{ schema: 'a "b"', name: 'c\n\u0001日本\u2028', rows: 0 }];
    const manifest = { ...MANIFEST, contents: { ...MANIFEST.contents, tables } };
    expect(parseManifest(formatManifest(manifest), FILE)).toEqual(manifest);
  });

  it('is not written when it could not be read back', () => {
    expect(() => formatManifest({ ...MANIFEST, sha256: 'none' })).toThrow(/SHA-256/);
  });

  it('of a file that is not encrypted is one of that very dump', () => {
    const other = { ...MANIFEST.file, sha256: 'cd'.repeat(32) };
    expect(() => parse({ ...document(), file: other })).toThrow(/neither the dump nor encrypted/);
    const encryption = { format: 'age' as const, recipient: `age1${'q'.repeat(58)}` };
    expect(parse({ ...document(), file: { ...other, encryption } }).file.encryption).toEqual(encryption);
  });

  it('drops fields that a later version added', () => {
    const later = { ...document(), region: 'eu', contents: { ...document().contents, views: 3 } };
    expect(parse(later)).toEqual(MANIFEST);
  });

  it('of a newer format is refused, whatever else is in it', () => {
    expect(() => parse({ format: 'paasdb-backup', version: 2 })).toThrow(
      `${FILE} has format 2, this version of paasdb reads 1: use the newer one that wrote it`,
    );
  });

  it.each([
    ['nothing', ''],
    ['a part', formatManifest(MANIFEST).slice(0, 300)],
    ['zeros', '\0'.repeat(300)],
  ])('of which %s is there is damaged', (_, text) => {
    expect(() => parseManifest(text, FILE)).toThrow(
      `${FILE} is damaged (it is not JSON, or only a part of it)`,
    );
  });

  it.each([
    null,
    1,
    [],
    {},
    { format: 'other', version: 1 },
    { format: 'paasdb-backup' },
    { format: 'paasdb-backup', version: '1' },
  ])('is not %j', (content) => {
    expect(() => parse(content)).toThrow(`${FILE} is not the manifest of a backup`);
  });

  it('that is damaged says in which fields, the first three of them', () => {
    const { sizeBytes: _, ...rest } = document();
    const error = errorOf(() =>
      parse({ ...rest, org: '../acme', sha256: '', startedAt: 'today', kind: 'x' }),
    );
    expect(error).toBeInstanceOf(ManifestError);
    expect(error.message).toMatch(
      /^\/backups\/some.json is damaged \(.*org: is no name; .*and 2 more\): use another backup/,
    );
    expect(
      errorOf(() => parse({ ...document(), contents: { ...rest.contents, tables: [{}] } })).message,
    ).toContain('contents.tables.0.schema: ');
  });
});

function errorOf(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it did not throw');
}
