import Docker from 'dockerode';
import { Client } from 'pg';
import { until } from './until.js';

export interface Answer<T = Record<string, never>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface DatabaseBody {
  id: string;
  status: string;
  errorMessage: string | null;
  host: string;
  directHost: string;
  engineVersion: string;
}

/** Talks to a daemon as its clients do, and to its databases as apps do. */
export abstract class ApiClient {
  constructor(readonly docker = new Docker()) {}

  /** Where the API answers. */
  abstract readonly url: string;
  abstract readonly operatorToken: string;
  /** What the daemon has logged so far. */
  abstract readonly log: string;

  async call<T = DatabaseBody>(
    method: string,
    path: string,
    {
      body,
      waitS,
      token,
      headers,
    }: { body?: unknown; waitS?: number; token?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${token ?? this.operatorToken}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(waitS !== undefined && { Prefer: `wait=${waitS}` }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? null : JSON.parse(text)) as T,
    };
  }

  async createApp(org = 'default', app = 'web'): Promise<string> {
    const answer = await this.call('POST', `/api/orgs/${org}/apps`, { body: { slug: app } });
    if (answer.status !== 201 && answer.status !== 409) throw new Error(JSON.stringify(answer.body));
    return `/api/orgs/${org}/apps/${app}`;
  }

  /** Polls until the database has a status; fails when it gets stuck. */
  async reach(path: string, status: string, timeoutMs = 90_000): Promise<DatabaseBody> {
    let last: DatabaseBody | undefined;
    await until(async () => {
      last = (await this.call('GET', path)).body;
      return last.status === status;
    }, timeoutMs).catch((error: unknown) => {
      throw new Error(
        `${path} is ${last?.status} (${last?.errorMessage}), not ${status}\n${this.log.slice(-3000)}`,
        {
          cause: error,
        },
      );
    });
    if (!last) throw new Error('unreachable');
    return last;
  }

  async reveal(path: string): Promise<{ dsn: string; directDsn: string }> {
    const answer = await this.call<{ dsn: string; directDsn: string }>('POST', `${path}/reveal`);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  /** Connects as an app would, with the container's name replaced by its address: this process is on the host. */
  async connect(dsn: string): Promise<Client> {
    const url = new URL(dsn);
    const { NetworkSettings } = await this.docker.getContainer(url.hostname).inspect();
    const [network] = Object.values(NetworkSettings.Networks);
    url.hostname = network?.IPAddress ?? '';
    const client = new Client({ connectionString: url.href, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async query<Row>(dsn: string, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.connect(dsn);
    try {
      return (await client.query(sql, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}
