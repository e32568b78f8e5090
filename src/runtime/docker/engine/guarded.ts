/**
 * Printed behind all that a program printed which ended with 0. Its exit code says that it wrote everything, and
 * not that it came: a connection that is cut between two frames ends like one that is complete.
 */
export const TRAILER = Buffer.from('paasdb: that was all of it\n');

/**
 * The engine lets a program run on when its client goes, and one that writes waits at a full pipe for ever, with
 * its locks. So a shell ends it when its own stdin does, which happens whenever the connection goes: after an
 * abort, and after the daemon was killed.
 *
 * It waits for all that it started: what it left would become PostgreSQL's, which is the container's first process
 * and takes a child that was killed for a crashed backend: it ends them all and recovers.
 */
const SCRIPT = `
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _; kill "$program"; } <&3 >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$program"
code=$?
kill "$guard" 2>/dev/null
wait "$guard" 2>/dev/null
[ "$code" != 0 ] || printf '${TRAILER.toString().replace('\n', '\\n')}'
exit "$code"
`;

/** Wraps a program so that it ends with its stdin. The script is the same for all: arguments stay arguments. */
export function guarded(argv: readonly string[]): string[] {
  return ['sh', '-c', SCRIPT, 'sh', ...argv];
}
