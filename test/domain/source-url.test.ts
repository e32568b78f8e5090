import { parseSourceUrl, SourceUrlError } from '../../src/domain/source-url.js';

const refusalOf = (url: string): string => {
  try {
    parseSourceUrl(url);
  } catch (error) {
    if (error instanceof SourceUrlError) return error.message;
    throw error;
  }
  return 'it was taken';
};

describe('the URL of a server elsewhere', () => {
  it('names a host, a port, a database and a login', () => {
    expect(parseSourceUrl('postgresql://ada:secret@db.example.com:6543/shop?sslmode=verify-full')).toEqual({
      host: 'db.example.com',
      port: 6543,
      database: 'shop',
      user: 'ada',
      password: 'secret',
      sslMode: 'verify-full',
    });
  });

  it('has the port 5432 and leaves the encryption to us unless it says otherwise', () => {
    expect(parseSourceUrl('postgres://ada@db.example.com/shop')).toMatchObject({
      port: 5432,
      password: '',
      sslMode: null,
    });
  });

  it('is percent-decoded', () => {
    expect(parseSourceUrl('postgresql://a%40b:p%2Fq%3F%23%25@h/my%2Fshop%20%C3%A4')).toMatchObject({
      user: 'a@b',
      password: 'p/q?#%',
      database: 'my/shop ä',
    });
  });

  it('can name an address of either family', () => {
    expect(parseSourceUrl('postgresql://a@93.184.215.14/b').host).toBe('93.184.215.14');
    expect(parseSourceUrl('postgresql://a@[2606:2800:21f::1]:1/b')).toMatchObject({
      host: '2606:2800:21f::1',
      port: 1,
    });
  });

  it.each([
    'postgresql://u:p@h/d?application_name=x&channel_binding=require&connect_timeout=10&sslmode=require',
    'postgresql://u:p@h/d?pgbouncer=true&connection_limit=1&pool_timeout=5',
  ])('may have parameters that change nothing: %s', (url) => {
    expect(parseSourceUrl(url).host).toBe('h');
  });

  it.each([
    ['mysql://u:p@h/d', 'postgresql://'],
    ['h/d', 'postgresql://'],
    ['postgresql:u:p@h/d', 'postgresql://'],
    ['postgresql:///d', 'names no host'],
    ['postgresql://u:p@/d', 'it is no URL'],
    ['postgresql://u:p@h1,h2/d', 'several hosts'],
    ['postgresql://u:p@h1:1,h2:2/d', 'it is no URL'],
    ['postgresql://u:p@%2Fvar%2Frun/d', 'neither a name nor an address'],
    ['postgresql://u:p@h\\x/d', 'it is no URL'],
    ['postgresql://u:p@h:0/d', 'port is 0'],
    ['postgresql://u:p@h:65536/d', 'it is no URL'],
    ['postgresql://h/d', 'names no user'],
    ['postgresql://:p@h/d', 'names no user'],
    ['postgresql://u:p@h', 'names no database'],
    ['postgresql://u:p@h/', 'names no database'],
    ['postgresql://u:p@h/a/b', '%2F'],
    ['postgresql://u:p#q@h/d', 'percent-encoded'],
    ['postgresql://u:p@h/d#x', '%23'],
    ['postgresql://u:p@h/d#', '%23'],
    ['postgresql://u:p%0Aq@h/d', 'its password has control characters'],
    ['postgresql://u%00:p@h/d', 'its user name has control characters'],
    ['postgresql://u:p%ZZ@h/d', 'percent-encoding of its password'],
    ['postgresql://u:p@h/d?host=/var/run/postgresql', '"host" is not supported'],
    ['postgresql://u:p@h/d?hostaddr=127.0.0.1', '"hostaddr" is not supported'],
    ['postgresql://u:p@h/d?port=1', '"port" is not supported'],
    ['postgresql://u:p@h/d?user=x', '"user" is not supported'],
    ['postgresql://u:p@h/d?service=x', '"service" is not supported'],
    ['postgresql://u:p@h/d?passfile=/etc/passwd', '"passfile" is not supported'],
    ['postgresql://u:p@h/d?sslkey=/etc/key', '"sslkey" is not supported'],
    ['postgresql://u:p@h/d?options=-c%20log_statement%3Dall', '"options" is not supported'],
    ['postgresql://u:p@h/d?sslmode=verify-ca', 'sslmode has to be one of'],
    ['postgresql://u:p@h/d?sslmode=REQUIRE', 'sslmode has to be one of'],
    ['postgresql://u:p@h/d?sslmode=require&sslmode=disable', 'sslmode has to be one of'],
  ])('is refused: %s', (url, reason) => {
    expect(refusalOf(url)).toContain(reason);
  });

  it('is not told again by a refusal', () => {
    for (const url of ['postgresql://u:hunter2@h1:1,h2/d', 'postgresql://u:hunter2@h', 'x://u:hunter2@h/d']) {
      expect(refusalOf(url)).toMatch(/^the URL cannot be used: /);
      expect(refusalOf(url)).not.toContain('hunter2');
    }
  });
});
