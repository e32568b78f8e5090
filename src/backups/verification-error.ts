import { ActionableError } from '../domain/actionable-error.js';

/** A backup is not what it should be. Trying again would find the same. */
export class VerificationError extends ActionableError {
  override readonly name = 'VerificationError';
  override readonly retryable = false;
}
