/** A session of PostgreSQL to which one question is put after the other. */
export interface Session {
  /** Asks for rows. */
  query<Row extends object>(sql: string): Promise<Row[]>;
  /** Runs a statement whose answer does not matter. */
  run(sql: string): Promise<void>;
}
