import { RuntimeError, type RuntimeErrorCode } from '../../runtime-error.js';

/** What PostgreSQL refused. */
export class SqlError extends RuntimeError {
  constructor(
    code: RuntimeErrorCode,
    message: string,
    readonly sqlState: string,
  ) {
    super(code, message);
  }
}

export const DISK_FULL = '53100';
export const OBJECT_IN_USE = '55006';
export const STILL_DEPENDED_ON = '2BP01';

export const NO_SPACE = 'The disk of the database is full: make room on the Docker host, then try again';

/** @param refusal the code for what is not a matter of the disk */
export function sqlError(refusal: RuntimeErrorCode, message: string, sqlState: string): SqlError {
  if (sqlState === DISK_FULL || /no space left on device/i.test(message)) {
    return new SqlError('no_space', `${NO_SPACE} (PostgreSQL said: ${message})`, sqlState);
  }
  return new SqlError(refusal, `PostgreSQL said: ${message}`, sqlState);
}
