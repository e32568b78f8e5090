const SECRET = /SCRAM-SHA-256\$[^\s'"]+/g;

/** What PostgreSQL shows of rows that do not fit, each perhaps cut off. */
const ROW = /\b(row contains) .*/gis;
const KEY =
  /\b(Key \(.*?\))=\(.*?(?:\)(?= already exists| is not present| is still| conflicts| is duplicated)|\)\.?$|$)/gis;
const LINE = /(, line \d+(?:, column [^\n:]+)?): .*/g;
const VALUE = /\b(invalid input (?:syntax for type|value for enum) [^:]+): ".*/gs;
/** Nobody reads more, and a stranger may have written it. */
const LIMIT = 8192;

/** What PostgreSQL or its programs said, without the verifiers of passwords and without a tenant's rows. */
export function withoutSecrets(text: string): string {
  return text
    .slice(0, LIMIT)
    .replace(SECRET, '[verifier]')
    .replace(ROW, '$1 (…)')
    .replace(KEY, '$1=(…)')
    .replace(LINE, '$1')
    .replace(VALUE, '$1');
}
