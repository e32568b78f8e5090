const SECRET = /SCRAM-SHA-256\$[^\s'"]+/g;

/** What PostgreSQL or its programs said, without the verifiers of passwords. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '[verifier]');
}
