import { z } from 'zod';
import { parseCidr, type Cidr } from '../../../domain/cidr.js';
import type { Caller } from './caller.js';
import { labelFilter, type Labels } from './label-filter.js';

export interface Network {
  id: string;
  name: string;
  labels: Labels;
  internal: boolean;
  /** IPv4 only. */
  subnets: readonly Cidr[];
}

const networkList = z.array(
  z
    .object({
      Id: z.string(),
      Name: z.string(),
      Labels: z.record(z.string(), z.string()).nullish(),
      Internal: z.boolean().nullish(),
      IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().nullish() })).nullish() }).nullish(),
    })
    .transform((value): Network => ({
      id: value.Id,
      name: value.Name,
      labels: value.Labels ?? {},
      internal: value.Internal ?? false,
      subnets: (value.IPAM?.Config ?? [])
        .map(({ Subnet }) => parseCidr(Subnet ?? ''))
        .filter((subnet) => subnet !== null),
    })),
);

const created = z.object({ Id: z.string() }).transform(({ Id }) => Id);

/** Networks of the engine. */
export class Networks {
  constructor(private readonly caller: Caller) {}

  /** All that carry these labels; all there are for none. */
  list(labels: Labels, signal: AbortSignal): Promise<Network[]> {
    const query = { filters: labelFilter(labels) };
    return this.caller.ask(
      { what: 'list networks', method: 'GET', path: '/networks', query },
      networkList,
      signal,
    );
  }

  /** Returns the id. An EngineError of status 409 says that the name is taken. */
  create(name: string, body: object, signal: AbortSignal): Promise<string> {
    return this.caller.ask(
      {
        what: `create network ${name}`,
        method: 'POST',
        path: '/networks/create',
        makes: true,
        // Before API 1.44 a second network of the same name is made without it.
        body: { Name: name, CheckDuplicate: true, ...body },
      },
      created,
      signal,
    );
  }

  /** Attaches a running container, whose other networks stay as they are. */
  connect(id: string, containerId: string, signal: AbortSignal): Promise<void> {
    const path = `/networks/${encodeURIComponent(id)}/connect`;
    return this.caller.send(
      { what: 'join a network', method: 'POST', path, body: { Container: containerId } },
      signal,
    );
  }
}
