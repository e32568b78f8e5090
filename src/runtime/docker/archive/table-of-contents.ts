import { RuntimeError } from '../../runtime-error.js';

/** What `pg_restore --list` prints of an archive. */
export interface TableOfContents {
  format: string;
  /** The major version of the server that was dumped; `null` when the archive does not tell. */
  serverMajor: number | null;
  entries: TocEntry[];
}

export interface TocEntry {
  /** As in a list of what is to be restored. */
  line: string;
  /** The kind and the name and the owner, which are not told apart: any of them can hold spaces. */
  text: string;
}

/** Throws what cannot be read: an entry that is not known of would be left out of what is restored. */
export function parseTableOfContents(printed: string): TableOfContents {
  const lines = printed.split('\n');
  const fact = (name: string) =>
    lines.find((line) => line.startsWith(`;     ${name}: `))?.slice(`;     ${name}: `.length) ?? '';
  const major = Number.parseInt(fact('Dumped from database version'));
  return {
    format: fact('Format'),
    serverMajor: Number.isNaN(major) ? null : major,
    entries: lines.filter((line) => line !== '' && !line.startsWith(';')).map(toEntry),
  };
}

function toEntry(line: string): TocEntry {
  // A name may hold any character but the end of a line.
  const text = /^\d+; \d+ \d+ ([^]+)$/.exec(line)?.[1];
  if (text !== undefined) return { line, text };
  throw new RuntimeError(
    'archive_unusable',
    `The archive has an entry that is none: ${JSON.stringify(line.slice(0, SHOWN))}`,
  );
}

const SHOWN = 100;

/** The name of the extension that an entry makes; `null` for all others. */
export function extensionOf({ text }: Pick<TocEntry, 'text'>): string | null {
  return /^EXTENSION - (\S+)/.exec(text)?.[1] ?? null;
}
