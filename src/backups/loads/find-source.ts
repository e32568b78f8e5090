import { isIPv4 } from 'node:net';
import type { AddressRules } from '../../domain/address-rules.js';
import { parseSourceUrl, SourceUrlError, type SourceAddress } from '../../domain/source-url.js';
import type { SourceServer } from '../../runtime/runtime.js';
import { RuntimeError } from '../../runtime/runtime-error.js';

export interface SourceDeps {
  /** Every address that a name has. */
  resolve: (host: string) => Promise<string[]>;
  rules: AddressRules;
}

const PATIENCE_MS = 10_000;

/**
 * The server that a URL names, at the one address that is connected to. All that its name resolves to must be allowed,
 * and nobody resolves it again: a name whose owner changes its addresses in between leads nowhere else.
 */
export async function findSource({ resolve, rules }: SourceDeps, url: string): Promise<SourceServer> {
  const { sslMode, ...source } = parse(url);
  const addresses = await resolved(resolve, source.host);
  for (const address of addresses) {
    const refusal = rules.refusalOf(address);
    if (refusal === null) continue;
    // Not the address: who asks may not know it, and is not to learn it here.
    throw unusable(
      `The host ${source.host} has an address that is not to be connected to (${refusal}): name one on the internet, or have the operator allow its network with PAASDB_IMPORT_ALLOW`,
    );
  }
  // Docker gives containers no IPv6 unless somebody sets it up.
  const address = addresses.find(isIPv4) ?? addresses[0];
  if (address === undefined) throw unusable(`The host ${source.host} has no address`);
  return { ...source, address, sslMode: sslMode ?? (rules.isPublic(address) ? 'require' : 'prefer') };
}

function parse(url: string): SourceAddress {
  try {
    return parseSourceUrl(url);
  } catch (error) {
    throw error instanceof SourceUrlError ? unusable(error.message) : error;
  }
}

async function resolved(resolve: SourceDeps['resolve'], host: string): Promise<string[]> {
  let patience: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    patience = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
  });
  try {
    return await Promise.race([resolve(host), late]);
  } catch (error) {
    // A name server that does not answer now may do so later.
    const message = `The host ${host} cannot be resolved: check its name, and try again`;
    throw new RuntimeError('unavailable', message, { cause: error });
  } finally {
    clearTimeout(patience);
  }
}

function unusable(message: string): RuntimeError {
  return new RuntimeError('source_unusable', message);
}
