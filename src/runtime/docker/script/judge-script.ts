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

const NEEDS_SUPERUSER = 'only a superuser may';

/** By what was to be done. Nothing of the data is missing for any of them. */
const SKIPPED: readonly { statement: RegExp; what: string; reason: string }[] = [
  {
    // To its very end: in a name or a text the same words may stand anywhere.
    statement: /^(ALTER\s.*\sOWNER\s+TO\s+("[^"]+"|[^\s"'();]+)\s*;?\s*$|REASSIGN\s+OWNED\b)/is,
    what: 'owners',
    reason: 'everything belongs to the owner of the database',
  },
  {
    statement: /^(GRANT|REVOKE|ALTER\s+DEFAULT\s+PRIVILEGES)\b/i,
    what: 'grants',
    reason: 'the roles of elsewhere do not exist here',
  },
  {
    statement: /^((CREATE|ALTER|DROP)\s+(ROLE|USER|GROUP)\b(?!\s+MAPPING)|COMMENT\s+ON\s+ROLE\b)/i,
    what: 'roles',
    reason: 'roles belong to the server and not to a database',
  },
  {
    statement: /^SET\s+((SESSION|LOCAL)\s+)?(ROLE|SESSION\s+AUTHORIZATION)\b/i,
    what: 'changes of the role',
    reason: 'the roles of elsewhere do not exist here',
  },
  {
    statement: /^((CREATE|ALTER|DROP)\s+DATABASE\b|COMMENT\s+ON\s+DATABASE\b)/i,
    what: 'statements about databases',
    reason: 'a script is loaded into this database only',
  },
  { statement: /^(CREATE|ALTER|DROP)\s+TABLESPACE\b/i, what: 'tablespaces', reason: NEEDS_SUPERUSER },
  { statement: /^ALTER\s+SYSTEM\b/i, what: 'settings of the server', reason: NEEDS_SUPERUSER },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+EVENT\s+TRIGGER\b/i,
    what: 'event triggers',
    reason: NEEDS_SUPERUSER,
  },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+PUBLICATION\b/i,
    what: 'publications',
    reason: 'nothing here subscribes to them',
  },
  {
    statement: /^(CREATE|ALTER|DROP|COMMENT\s+ON)\s+SUBSCRIPTION\b/i,
    what: 'subscriptions',
    reason: 'they would take the changes from their source',
  },
  { statement: /^SECURITY\s+LABEL\b/i, what: 'security labels', reason: NEEDS_SUPERUSER },
  { statement: /^COMMENT\s+ON\s+EXTENSION\b/i, what: 'comments on extensions', reason: NEEDS_SUPERUSER },
  {
    statement: /^COPY\s.*\s(FROM|TO)\s+PROGRAM\s/is,
    what: 'COPY from or to programs',
    reason: NEEDS_SUPERUSER,
  },
];

const NAME = String.raw`(?:"[^"]*"|[^\s"';,()])+`;
/** What --clean puts before everything else. */
const REMOVAL = new RegExp(
  String.raw`^(?:DROP\s` +
    String.raw`|ALTER\s+TABLE\s+(?:ONLY\s+)?${NAME}\s+(?:ALTER\s+COLUMN\s+${NAME}\s+DROP\s+(?:DEFAULT|IDENTITY)|DROP\s+CONSTRAINT\s+${NAME})\s*;?\s*$` +
    String.raw`|SELECT\s+pg_catalog\.lo_unlink\([^)]*\)\s*;?\s*$)`,
  'i',
);
/** A table, an object of another kind, a function, a schema. */
const IS_NOT_THERE = new Set(['42P01', '42704', '42883', '3F000']);

const EXTENSION = /^(?:CREATE|ALTER)\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?"?([^\s";]+)/i;
const LOST = new Set(['57P01', '57P02', '57P03', '08006', '08003', '08000', '53200']);

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
  const plain = withoutComments(statement);
  if (
    /^SET\s/i.test(plain) &&
    ['42704', '42501', '22023'].includes(sqlState) &&
    !/^SET\s+(ROLE|SESSION\s+AUTHORIZATION)/i.test(plain)
  ) {
    // The one that every client from 17 on sets.
    if (/transaction_timeout/.test(plain)) return { verdict: 'harmless' };
    return skipped('settings', 'PostgreSQL here does not know them, or only a superuser may set them');
  }
  if (/^CREATE\s+SCHEMA\s+"?public"?\s*;?/i.test(plain) && sqlState === '42P06')
    return { verdict: 'harmless' };
  const extension = EXTENSION.exec(plain)?.[1];
  if (extension !== undefined) {
    return skipped(
      `extension ${extension}`,
      'PostgreSQL here does not have it, or only a superuser may create it',
    );
  }
  const rule = SKIPPED.find((candidate) => candidate.statement.test(plain));
  if (rule) return skipped(rule.what, rule.reason);
  const isVain = REMOVAL.test(plain) && IS_NOT_THERE.has(sqlState);
  return { verdict: isVain ? 'harmless' : 'refused' };
}

function skipped(what: string, reason: string): ScriptVerdict {
  return { verdict: 'skipped', skipped: { what, reason } };
}

/** psql leaves out comments of one kind only. */
function withoutComments(statement: string): string {
  return statement.replace(/^(\s+|--[^\n]*(\n|$)|\/\*.*?\*\/)+/s, '');
}
