import { StorageError } from '../storage-error.js';

type BucketErrorCode =
  'bucket_missing' | 'bucket_denied' | 'bucket_refused' | 'bucket_unavailable' | 'missing';

/** What an error of the SDK tells, whichever of its many classes it has. */
interface Told {
  name: string;
  message: string;
  /** `null`: no answer came. */
  status: number | null;
}

/**
 * What the failure of a request is to an operator. `place` is where the bucket is. What is none of the service's or
 * the network's is passed on as it is.
 */
export function toBucketError(error: unknown, place: string): unknown {
  const told = toldBy(error);
  if (told === null || error instanceof StorageError) return error;
  const code = codeOf(told);
  return new StorageError(code, adviceOf(code, place, told), { cause: error });
}

const GONE = ['NoSuchKey', 'NoSuchUpload'];

/**
 * Whether a request failed because there is no such object. A 404 that says nothing more may be that of a proxy, or of a
 * web server that knows nothing of S3: only of a HEAD, whose answers have no body, it has to be enough.
 */
export function isNoObject(error: unknown, method: 'GET' | 'HEAD' | 'DELETE'): boolean {
  const told = toldBy(error);
  if (told?.status !== 404) return false;
  return told.name === 'NoSuchKey' || (method === 'HEAD' && told.name === 'NotFound');
}

function toldBy(error: unknown): Told | null {
  if (typeof error !== 'object' || error === null || !('name' in error && 'message' in error)) return null;
  const [name, message] = [String(error.name), String(error.message)];
  if ('$metadata' in error) {
    const { httpStatusCode: status = null } = error.$metadata as { httpStatusCode?: number };
    return { name, message, status };
  }
  const isNetwork = ('code' in error && typeof error.code === 'string') || name === 'TimeoutError';
  return isNetwork ? { name, message, status: null } : null;
}

function codeOf({ name, status }: Told): BucketErrorCode {
  if (name === 'NoSuchBucket') return 'bucket_missing';
  if (status === 401 || status === 403) return 'bucket_denied';
  if (status === 404 && GONE.includes(name)) return 'missing';
  // Another region, another style of address, or something that is no S3 at all.
  if (status !== null && status < 500 && status !== 408 && status !== 429 && name !== 'RequestTimeout') {
    return 'bucket_refused';
  }
  return 'bucket_unavailable';
}

function adviceOf(code: BucketErrorCode, place: string, { name, message, status }: Told): string {
  const said = status === null ? message : `${status} ${name}`;
  switch (code) {
    case 'bucket_missing':
      return `there is no bucket at ${place} (${said}): make it, or name another in PAASDB_S3_BUCKET`;
    case 'bucket_denied':
      return `${place} refuses this access key (${said}): check PAASDB_S3_ACCESS_KEY_ID, its secret, and what it may do`;
    case 'missing':
      return `an object at ${place} is missing (${said})`;
    case 'bucket_refused':
      return `${place} does not take this request (${said}): check PAASDB_S3_ENDPOINT, PAASDB_S3_REGION and PAASDB_S3_PATH_STYLE`;
    case 'bucket_unavailable':
      return `${place} cannot be reached or does not work (${said}): see whether it is up, and reachable from the daemon`;
  }
}
