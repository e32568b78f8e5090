export function identifier(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`;
}

/** The E form means the same whatever standard_conforming_strings says. */
export function literal(text: string): string {
  return `E'${withoutNul(text).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new TypeError('A NUL in SQL');
  return text;
}
