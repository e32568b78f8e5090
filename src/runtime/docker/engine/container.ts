import { z } from 'zod';

export const CONTAINER_STATUSES = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const;
export type ContainerStatus = (typeof CONTAINER_STATUSES)[number];

export interface Mount {
  /** The name of the volume; `null` for anything but a volume. */
  volume: string | null;
  path: string;
}

/** An attachment to a network. The address is empty while the container does not run. */
export interface Attachment {
  networkId: string;
  address: string;
}

/** What a list tells of a container. */
export interface ListedContainer {
  id: string;
  name: string;
  labels: Record<string, string>;
  status: ContainerStatus;
  attachments: ReadonlyMap<string, Attachment>;
  mounts: readonly Mount[];
}

/** What an inspection tells. */
export interface Container extends ListedContainer {
  imageId: string;
  /** When it was started last; the year 1 when it never was. */
  startedAt: Date;
  /** It has stopped at least once since it was first started: Docker leaves the time at zero until then. */
  hasStopped: boolean;
  exitCode: number;
  outOfMemory: boolean;
}

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const mounts = z
  .array(z.object({ Type: z.string(), Name: z.string().optional(), Destination: z.string() }))
  .nullish()
  .transform((list): Mount[] =>
    (list ?? []).map(({ Type, Name, Destination }) => ({
      volume: Type === 'volume' ? (Name ?? '') : null,
      path: Destination,
    })),
  );

// The address of the default bridge is gone from API 1.52 on; the one per network stays.
const networkSettings = z
  .object({
    Networks: z
      .record(z.string(), z.object({ NetworkID: z.string(), IPAddress: z.string().nullish() }))
      .nullish(),
  })
  .nullish()
  .transform(
    (value): ReadonlyMap<string, Attachment> =>
      new Map(
        Object.entries(value?.Networks ?? {}).map(([name, { NetworkID, IPAddress }]) => [
          name,
          { networkId: NetworkID, address: IPAddress ?? '' },
        ]),
      ),
  );

const status = z.enum(CONTAINER_STATUSES);

export const containerList = z.array(
  z
    .object({
      Id: z.string(),
      Names: z.array(z.string()).nullish(),
      Labels: labels,
      State: status,
      NetworkSettings: networkSettings,
      Mounts: mounts,
    })
    .transform((value): ListedContainer => ({
      id: value.Id,
      name: (value.Names?.[0] ?? '').replace(/^\//, ''),
      labels: value.Labels,
      status: value.State,
      attachments: value.NetworkSettings,
      mounts: value.Mounts,
    })),
);

export const containerInspection = z
  .object({
    Id: z.string(),
    Name: z.string(),
    Image: z.string(),
    State: z.object({
      Status: status,
      ExitCode: z.number(),
      OOMKilled: z.boolean().nullish(),
      StartedAt: z.string(),
      FinishedAt: z.string(),
    }),
    Config: z.object({ Labels: labels }),
    NetworkSettings: networkSettings,
    Mounts: mounts,
  })
  .transform((value): Container => ({
    id: value.Id,
    name: value.Name.replace(/^\//, ''),
    labels: value.Config.Labels,
    status: value.State.Status,
    attachments: value.NetworkSettings,
    mounts: value.Mounts,
    imageId: value.Image,
    startedAt: new Date(value.State.StartedAt),
    hasStopped: !value.State.FinishedAt.startsWith('0001-01-01'),
    exitCode: value.State.ExitCode,
    outOfMemory: value.State.OOMKilled ?? false,
  }));
