import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What somebody would do without paasdb, in the container of a database and with nobody else's help. */
export class ByHand {
  constructor(private readonly container: string) {}

  /** How long it takes, in ms. */
  async dumpAndGzip(file: string): Promise<number> {
    return this.time(`docker exec "$1" pg_dump -U postgres app | gzip > "$2"`, file);
  }

  async dumpTo(format: 'custom' | 'plain', file: string): Promise<void> {
    await this.time(`docker exec "$1" pg_dump -U postgres --format=${format} --no-owner app > "$2"`, file);
  }

  /** From a file that lies where the server is. */
  async restoreTogether(file: string): Promise<number> {
    return this.withEmpty(async () => {
      await this.time(`docker exec -i "$1" sh -c 'cat > "$PGDATA"/by-hand.dump' < "$2"`, file);
      return this.time(
        `docker exec "$1" sh -c 'pg_restore --jobs=2 -U postgres -d by_hand "$PGDATA"/by-hand.dump'`,
        file,
      );
    });
  }

  async restore(file: string): Promise<number> {
    return this.withEmpty(() =>
      this.time(`docker exec -i "$1" pg_restore -U postgres -d by_hand < "$2"`, file),
    );
  }

  async script(file: string): Promise<number> {
    return this.withEmpty(() => this.time(`docker exec -i "$1" psql -q -U postgres -d by_hand < "$2"`, file));
  }

  private async withEmpty(work: () => Promise<number>): Promise<number> {
    await this.psql('CREATE DATABASE by_hand TEMPLATE template0');
    try {
      return await work();
    } finally {
      await this.psql('DROP DATABASE by_hand WITH (FORCE)');
      await run('docker', ['exec', this.container, 'sh', '-c', 'rm -f "$PGDATA"/by-hand.dump']);
    }
  }

  private async psql(sql: string): Promise<void> {
    await run('docker', ['exec', this.container, 'psql', '-U', 'postgres', '-d', 'postgres', '-c', sql]);
  }

  private async time(script: string, file: string): Promise<number> {
    const startedMs = performance.now();
    await run('bash', ['-euo', 'pipefail', '-c', script, 'bash', this.container, file], { maxBuffer: 1e8 });
    return performance.now() - startedMs;
  }
}
