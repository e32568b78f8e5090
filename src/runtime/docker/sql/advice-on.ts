/** What an operator can do about what PostgreSQL said. */
export function adviceOn(said: string): string {
  if (/lock timeout|statement timeout/i.test(said))
    return '. A migration holds a table: try again when it is done';
  return '';
}
