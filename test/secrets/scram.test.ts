import { createHash, createHmac } from 'node:crypto';
import { scramVerifier } from '../../src/secrets/scram.js';

const FORMAT = /^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]{44}):([A-Za-z0-9+/=]{44})$/;

function parse(verifier: string) {
  const [, iterations = '', salt = '', storedKey = '', serverKey = ''] = FORMAT.exec(verifier) ?? [];
  const bytes = (base64: string) => Buffer.from(base64, 'base64');
  return { iterations, salt, storedKey: bytes(storedKey), serverKey: bytes(serverKey) };
}

/** The exchange of RFC 7677, section 3: user "user", password "pencil". */
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ==';
const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const AUTH_MESSAGE = [
  'n=user,r=rOprNGfwEbeRWgbNEkqO',
  `r=${NONCE},s=${SALT},i=4096`,
  `c=biws,r=${NONCE}`,
].join(',');
const CLIENT_PROOF = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
const SERVER_SIGNATURE = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

const hmac = (key: Buffer) => createHmac('sha256', key).update(AUTH_MESSAGE).digest();

describe('a SCRAM verifier', () => {
  const { storedKey, serverKey, iterations, salt } = parse(
    scramVerifier('pencil', Buffer.from(SALT, 'base64'), 4096),
  );

  it('holds the iterations and the salt that PostgreSQL tells the client', () => {
    expect({ iterations, salt }).toEqual({ iterations: '4096', salt: SALT });
  });

  it('accepts the proof of the client in RFC 7677', () => {
    const clientKey = Buffer.from(CLIENT_PROOF, 'base64');
    for (const [index, byte] of hmac(storedKey).entries()) clientKey[index] = (clientKey[index] ?? 0) ^ byte;
    expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey);
  });

  it('gives the signature of the server in RFC 7677', () => {
    expect(hmac(serverKey).toString('base64')).toBe(SERVER_SIGNATURE);
  });

  it('takes a new salt of 16 bytes each time', () => {
    const [one, other] = [parse(scramVerifier('pencil')), parse(scramVerifier('pencil'))];
    expect(Buffer.from(one.salt, 'base64')).toHaveLength(16);
    expect(one.iterations).toBe('4096');
    expect(one.salt).not.toBe(other.salt);
    expect(one.storedKey).not.toEqual(other.storedKey);
  });

  it('does not hold the password', () => {
    expect(scramVerifier('correct-horse')).not.toContain('correct-horse');
  });
});
