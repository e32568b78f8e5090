import type { Skipped } from '../../runtime.js';
import { extensionOf, type TocEntry } from './table-of-contents.js';

/** Kinds of entries that only a superuser makes, or that make no sense elsewhere. */
const LEFT_OUT: readonly { kind: RegExp; what: string; reason: string | null }[] = [
  { kind: /^(DEFAULT )?ACL /, what: 'grants', reason: 'the roles of elsewhere do not exist here' },
  // Nothing is lost with these. Schema public is there: only its owner is another, or an old pg_dump makes it again.
  { kind: /^SCHEMA - public \S+$/, what: 'schema public', reason: null },
  { kind: /^COMMENT - EXTENSION /, what: 'comments on extensions', reason: null },
  { kind: /^(COMMENT - )?EVENT TRIGGER /, what: 'event triggers', reason: 'they need a superuser' },
  { kind: /^(COMMENT - )?PUBLICATION /, what: 'publications', reason: 'nothing here subscribes to them' },
  {
    kind: /^(COMMENT - )?SUBSCRIPTION /,
    what: 'subscriptions',
    reason: 'they would take the changes from their source',
  },
  { kind: /^SECURITY LABEL /, what: 'security labels', reason: 'they need a superuser' },
  {
    kind: /^(COMMENT - )?(FOREIGN DATA WRAPPER|SERVER|USER MAPPING|FOREIGN TABLE) /,
    what: 'foreign tables and servers',
    reason: 'they need a superuser',
  },
];

/** What of a foreign archive is to be loaded. */
export interface Selection {
  entries: TocEntry[];
  skipped: Skipped[];
}

/** @param loadable the extensions that a tenant may create here */
export function leaveOut(entries: readonly TocEntry[], loadable: ReadonlySet<string>): Selection {
  const counts = new Map<(typeof LEFT_OUT)[number], number>();
  const extensions: Skipped[] = [];
  const kept = entries.filter((entry) => {
    const extension = extensionOf(entry);
    if (extension !== null && !loadable.has(extension)) {
      extensions.push({ what: `extension ${extension}`, reason: NOT_LOADABLE });
      return false;
    }
    const rule = LEFT_OUT.find(({ kind }) => kind.test(entry.text));
    if (rule) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return rule === undefined;
  });
  const others = [...counts].flatMap(([{ what, reason }, count]) =>
    reason === null ? [] : [{ what: `${what} (${count})`, reason }],
  );
  return { entries: kept, skipped: [...extensions, ...others] };
}

export const NOT_LOADABLE = 'PostgreSQL here does not have it, or only a superuser may create it';
