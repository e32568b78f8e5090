import Docker from 'dockerode';
import type { Readable } from 'node:stream';
import { RuntimeError } from '../../runtime-error.js';

/** The part of dockerode's transport that is used here. */
export interface Modem {
  dial(
    options: {
      path: string;
      method: string;
      options?: { _query?: object; _body?: object };
      headers?: Record<string, string>;
      /** A stream is ended with the request, and ends it with its own error. */
      file?: Buffer | Readable;
      hijack?: boolean;
      openStdin?: boolean;
      isStream?: boolean;
      allowEmpty?: boolean;
      statusCodes: Record<number, true | string>;
      abortSignal: AbortSignal;
    },
    callback: (error: Error | null, result: unknown) => void,
  ): void;
}

/**
 * Connects as the docker command does: `unix:///path`, `tcp://host:port`, or without a host the local socket.
 *
 * dockerode's own methods are passed over for its transport: `createContainer` puts the whole body, and with
 * it the environment, into the URL as well, and few of its methods take an AbortSignal.
 */
export function connect(dockerHost: string | undefined): Modem {
  return new Docker(optionsFor(dockerHost)).modem;
}

function optionsFor(dockerHost: string | undefined): Docker.DockerOptions | undefined {
  if (dockerHost === undefined || dockerHost === '') return undefined;
  if (dockerHost.startsWith('unix://')) {
    return { host: undefined, socketPath: dockerHost.slice('unix://'.length) };
  }
  const address = dockerHost.includes('://') ? dockerHost : `tcp://${dockerHost}`;
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !['tcp:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    const message = `DOCKER_HOST=${dockerHost} is not unix:///path or tcp://host:port: paasdb runs beside its containers`;
    throw new RuntimeError('unavailable', message);
  }
  // The rest is read by dockerode from the same variables as by the docker command (certificates, TLS).
  return { host: url.hostname, port: Number(url.port || '2375') };
}
