import type { Skipped } from '../../runtime.js';
import { DISK_FULL } from '../sql/sql-error.js';
import type { ScriptError } from './script-messages.js';

/** What an error of a script means. */
export type ScriptVerdict =
  | { verdict: 'harmless' }
  | { verdict: 'skipped'; skipped: Skipped }
  | { verdict: 'refused' }
  | { verdict: 'full' }
  /** It went to another database, or the connection broke: nothing that follows means anything. */
  | { verdict: 'left' }
  | { verdict: 'lost' };

const NAME = String.raw`(?:"[^"]*"|[^\s"';,()])+`;
const END = String.raw`\s*;?\s*$`;

/** A column of a type that may have a comma in it. */
const NO_VALUE = String.raw`NULL::(?:"[^"]*"|\([^()"]*\)|[^",()])+? AS ${NAME}`;

interface Rule {
  /** Of a statement with one space for any white space, and no longer than `JUDGED_LENGTH`. */
  statement: RegExp;
  /** Whichever, when left out. */
  states?: readonly string[];
  verdict: 'harmless' | 'refused' | { what: string; reason: string };
}

/** A table, an object of another kind, a function, a schema. */
const IS_NOT_THERE = ['42P01', '42704', '42883', '3F000'];
const NOT_ALLOWED = '42501';
const WRONG_VALUE = '22023';
const NEEDS_SUPERUSER = 'only a superuser may';

/** What is tolerated, by what was to be done: the first that fits counts. Nothing of the data is missing for any of it. */
const RULES: readonly Rule[] = [
  // The one that every client from 17 on sets.
  { statement: /^SET\s+transaction_timeout\b/i, verdict: 'harmless' },
  // Every database has it.
  {
    statement: new RegExp(
      String.raw`^CREATE\s+SCHEMA\s+"?public"?(?:\s+AUTHORIZATION\s+${NAME})?${END}`,
      'i',
    ),
    verdict: 'harmless',
  },
  {
    statement: new RegExp(String.raw`^DROP\s+EXTENSION\s+(?:IF\s+EXISTS\s+)?"?plpgsql"?${END}`, 'i'),
    verdict: 'harmless',
  },
  // What --clean puts before everything else, and no other statement that psql sends together with it.
  { statement: /^DROP\s(?:"[^"]*"|[^";])*;?\s*$/i, states: IS_NOT_THERE, verdict: 'harmless' },
  {
    statement: new RegExp(
      String.raw`^ALTER\s+(?:TABLE|DOMAIN)\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?${NAME}\s+` +
        String.raw`(?:ALTER\s+(?:COLUMN\s+)?${NAME}\s+DROP\s+(?:DEFAULT|IDENTITY)|DROP\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?${NAME}(?:\s+CASCADE)?)${END}`,
      'i',
    ),
    states: IS_NOT_THERE,
    verdict: 'harmless',
  },
  {
    statement: new RegExp(String.raw`^SELECT\s+pg_catalog\.lo_unlink\([^)]*\)${END}`, 'i'),
    states: IS_NOT_THERE,
    verdict: 'harmless',
  },
  // Instead of a removal where others depend on a view. It holds nothing, and is made anew later.
  {
    statement: new RegExp(
      String.raw`^CREATE OR REPLACE VIEW ${NAME} AS SELECT(?: ${NO_VALUE},)* ${NO_VALUE}${END}`,
      'i',
    ),
    states: IS_NOT_THERE,
    verdict: 'harmless',
  },
  {
    statement: /^SET\s+((SESSION|LOCAL)\s+)?(ROLE|SESSION\s+AUTHORIZATION)\b/i,
    verdict: { what: 'changes of the role', reason: 'the roles of elsewhere do not exist here' },
  },
  {
    statement: /^SET\s+((SESSION|LOCAL)\s+)?session_replication_role\b/i,
    verdict: {
      what: 'session_replication_role',
      reason:
        'only a superuser may set it: triggers of the script had their say on rows that came after them',
    },
  },
  // What follows would be read as something else.
  {
    statement:
      /^SET\s+((SESSION|LOCAL)\s+)?(client_encoding|NAMES|TIME\s*ZONE|datestyle|intervalstyle|standard_conforming_strings|xmloption)\b/i,
    verdict: 'refused',
  },
  {
    statement: /^SET\s/i,
    states: ['42704', NOT_ALLOWED, WRONG_VALUE],
    verdict: {
      what: 'settings',
      reason: 'PostgreSQL here does not know them, or only a superuser may set them',
    },
  },
  {
    // With nothing else beside it, of what takes several changes; and to its very end: in a name or a text the same
    // words may stand anywhere. A comment could hide what it is.
    statement: new RegExp(
      String.raw`^(?:ALTER (?:(?:(?:FOREIGN )?TABLE|MATERIALIZED VIEW) (?:IF EXISTS )?(?:ONLY )?${NAME}|(?!FOREIGN TABLE\b|TABLE\b|MATERIALIZED\b|\/\*).*)` +
        String.raw`\s+OWNER\s+TO\s+${NAME}${END}|REASSIGN\s+OWNED\b)`,
      'is',
    ),
    verdict: { what: 'owners', reason: 'everything belongs to the owner of the database' },
  },
  {
    statement: /^(GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b/i,
    verdict: { what: 'grants', reason: 'the roles of elsewhere do not exist here' },
  },
  {
    statement: /^((CREATE|ALTER|DROP)\s+(ROLE|USER|GROUP)\b(?!\s+MAPPING)|COMMENT\s+ON\s+ROLE\b)/i,
    verdict: { what: 'roles', reason: 'roles belong to the server and not to a database' },
  },
  {
    statement: /^((CREATE|ALTER|DROP)\s+DATABASE\b|COMMENT\s+ON\s+DATABASE\b)/i,
    verdict: { what: 'statements about databases', reason: 'a script is loaded into this database only' },
  },
  {
    statement: /^(CREATE|ALTER|DROP)\s+TABLESPACE\b/i,
    verdict: { what: 'tablespaces', reason: NEEDS_SUPERUSER },
  },
  { statement: /^ALTER\s+SYSTEM\b/i, verdict: { what: 'settings of the server', reason: NEEDS_SUPERUSER } },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+EVENT\s+TRIGGER\b/i,
    verdict: { what: 'event triggers', reason: NEEDS_SUPERUSER },
  },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+PUBLICATION\b/i,
    verdict: { what: 'publications', reason: 'nothing here subscribes to them' },
  },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+SUBSCRIPTION\b/i,
    verdict: { what: 'subscriptions', reason: 'they would take the changes from their source' },
  },
  {
    statement: /^SECURITY\s+LABEL\b/i,
    verdict: { what: 'security labels', reason: NEEDS_SUPERUSER },
  },
  {
    statement: /^COMMENT\s+ON\s+EXTENSION\b/i,
    verdict: { what: 'comments on extensions', reason: NEEDS_SUPERUSER },
  },
  {
    statement: /^COPY\s(?:"[^"]*"|[^"])*\sTO\s+PROGRAM\s/i,
    states: [NOT_ALLOWED],
    verdict: { what: 'COPY to programs', reason: NEEDS_SUPERUSER },
  },
];

const EXTENSION = /^(?:CREATE|ALTER)\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([^\s";]+)/i;
const LOST = new Set(['57P01', '57P02', '57P03', '08006', '08003', '08000', '53200']);
/** A stranger wrote it, and patterns go over it more than once. */
const JUDGED_LENGTH = 4000;
/** The transaction is lost already. */
const IN_FAILED_TRANSACTION = '25P02';

export function judgeScript({ sqlState, message, statement }: ScriptError): ScriptVerdict {
  if (sqlState === DISK_FULL || /no space left on device/i.test(message)) return { verdict: 'full' };
  if (sqlState === null) {
    // What a newer psql than ours says of its own scripts.
    if (/^invalid command \\(un)?restrict\b/.test(message)) return { verdict: 'harmless' };
    if (/^\\(c|connect)\b/.test(message)) return { verdict: 'left' };
    if (/connection to server|not connected|server closed the connection/i.test(message))
      return { verdict: 'lost' };
    return { verdict: 'refused' };
  }
  if (LOST.has(sqlState)) return { verdict: 'lost' };
  const plain = withoutComments(statement).replaceAll(/\s+/g, ' ').slice(0, JUDGED_LENGTH);
  if (sqlState === IN_FAILED_TRANSACTION) return { verdict: 'refused' };
  const rule = RULES.find(
    ({ statement: pattern, states }) => pattern.test(plain) && (states?.includes(sqlState) ?? true),
  );
  if (rule) {
    const { verdict } = rule;
    return typeof verdict === 'string' ? { verdict } : { verdict: 'skipped', skipped: verdict };
  }
  const extension = EXTENSION.exec(plain)?.[1];
  if (extension === undefined) return { verdict: 'refused' };
  const reason = 'PostgreSQL here does not have it, or only a superuser may create it';
  return { verdict: 'skipped', skipped: { what: `extension ${extension}`, reason } };
}

/** psql leaves out comments of one kind only. */
export function withoutComments(statement: string): string {
  return statement.replace(/^(\s+|--[^\n]*(\n|$)|\/\*.*?\*\/)+/s, '');
}
