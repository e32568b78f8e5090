import { ActionableError } from '../domain/actionable-error.js';

export type StorageErrorCode =
  | 'no_space'
  | 'read_only'
  | 'denied'
  | 'disk_failed'
  /** The folder or a file of the backup is not there. */
  | 'missing'
  /** Something else has the name that is needed. */
  | 'in_the_way'
  /** What was to be kept is not a dump. */
  | 'not_a_dump'
  /** The file is not what was written. */
  | 'changed'
  /** Nothing can decrypt it. */
  | 'no_key'
  /** There is no such bucket, it does not let us, it does not understand us, or it does not answer. */
  | 'bucket_missing'
  | 'bucket_denied'
  | 'bucket_refused'
  | 'bucket_unavailable';

/** A backup could not be kept or read, with a message that tells an operator what to do. */
export class StorageError extends ActionableError {
  override readonly name = 'StorageError';

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return RETRYABLE.includes(this.code);
  }
}

/** What a bucket refuses too: an operator puts it right, and nobody should have to ask again for every copy. */
const RETRYABLE: readonly StorageErrorCode[] = [
  'no_space',
  'disk_failed',
  'bucket_missing',
  'bucket_denied',
  'bucket_refused',
  'bucket_unavailable',
];

const CODES: Record<string, StorageErrorCode> = {
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
  EROFS: 'read_only',
  EACCES: 'denied',
  EPERM: 'denied',
  EIO: 'disk_failed',
  EREMOTEIO: 'disk_failed',
  ENODEV: 'disk_failed',
  ENXIO: 'disk_failed',
  ESTALE: 'disk_failed',
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  ELOOP: 'in_the_way',
  EEXIST: 'in_the_way',
  EISDIR: 'in_the_way',
};

/** Runs something that the disk may fail. What is no such failure is passed on as it is. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error, path);
  }
}

export function toStorageError(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  const code = errno === null ? undefined : CODES[errno];
  return code && errno !== null
    ? new StorageError(code, adviceOf(code, path, errno), { cause: error })
    : error;
}

/** The code of an error of the operating system, such as `ENOENT`. */
export function errnoOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('syscall' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}

function adviceOf(code: StorageErrorCode, path: string, errno: string): string {
  switch (code) {
    case 'no_space':
      return `no space is left for ${path}: free some on its disk, or give backups a larger one`;
    case 'read_only':
      return `${path} lies on a file system that is read-only: see in the kernel’s log whether its disk failed, then mount it writable`;
    case 'denied':
      return `${path} may not be used by the daemon’s user: give it the folder, and all that is in it`;
    case 'disk_failed':
      return `the disk failed at ${path} (${errno}): check it, and have backups go to another`;
    case 'missing':
      return `${path} is missing, or a folder above it: mount the disk it lies on, or make the folder`;
    case 'in_the_way':
      return `${path} is not what belongs there (${errno}): look at it, and move it away`;
    case 'not_a_dump':
    case 'changed':
    case 'no_key':
    case 'bucket_missing':
    case 'bucket_denied':
    case 'bucket_refused':
    case 'bucket_unavailable':
      return `${path} cannot be used (${errno})`;
  }
}
