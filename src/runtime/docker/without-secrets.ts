const SECRET = /SCRAM-SHA-256\$[^\s'"]+/g;

/** What PostgreSQL shows of rows that do not fit, each perhaps cut off. */
const ROW = /\b(Failing row contains) \(.*/gs;
const KEY =
  /\b(Key \(.*?\))=\(.*?(?:\)(?= already exists| is not present| is still| conflicts| is duplicated)|$)/gs;
const LINE = /\b(COPY .*?, line \d+(?:, column [^\n:]+)?): ".*/g;

/** What PostgreSQL or its programs said, without the verifiers of passwords and without a tenant's rows. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '[verifier]').replace(ROW, '$1 (…)').replace(KEY, '$1=(…)').replace(LINE, '$1');
}
