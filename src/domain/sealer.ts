/** Where a sealed value is kept. It is part of what is authenticated: moved elsewhere, the value does not open. */
export interface Place {
  table: string;
  row: string;
  column: string;
}

/** Encrypts values for storage. Implemented by the keyring. */
export interface Sealer {
  readonly activeKeyId: string;
  seal(plaintext: string, place: Place): string;
  /** Throws when the key is unknown or the value was altered or moved. */
  open(sealed: string, place: Place): string;
  keyIdOf(sealed: string): string;
  holds(keyId: string): boolean;
}
