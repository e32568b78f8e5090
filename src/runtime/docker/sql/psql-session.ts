import { generateId } from '../../../secrets/random.js';
import { RuntimeError, type RuntimeErrorCode } from '../../runtime-error.js';
import { withDeadline } from '../engine/deadline.js';
import type { Execs, RunningProgram } from '../engine/exec.js';
import { Queue } from '../engine/queue.js';
import { TextTail } from '../engine/text-tail.js';
import { withoutSecrets } from '../without-secrets.js';
import type { Session } from './session.js';
import { sqlError } from './sql-error.js';

/** -w: nobody is there to type a password. */
const ARGV = ['psql', '-X', '-q', '-A', '-t', '-w', '-v', 'VERBOSITY=terse'];
/** Whatever is asked for is short: more than this is a server that means harm. */
const ANSWER_BYTES = 32 * 1024 ** 2;
const DEADLINE_MS = 60_000;
/** What psql says that could not log in. */
const NO_CONNECTION = /connection to server .* failed/s;

export interface PsqlPlace {
  /** Whose psql it is, and how it finds its server: by libpq's variables, of which none is secret. */
  containerId: string;
  env: Readonly<Record<string, string>>;
  /** The code of an error for what PostgreSQL refuses. */
  refusal: RuntimeErrorCode;
  /** The code of an error for a server that takes no connection; `unavailable` when left out. */
  absence?: RuntimeErrorCode;
  /** How long one answer may take; a minute when left out. */
  deadlineMs?: number;
}

/** A psql in a container that is asked one question after the other. It goes when its stdin does. */
export class PsqlSession implements Session {
  /** Begins no line of an answer, which are JSON. */
  private readonly mark = `paasdb-${generateId()}`;
  private readonly input = new Queue<Buffer>();
  private readonly stderr = new TextTail(4096);
  private lines: AsyncGenerator<string, void> = noLines();

  private constructor(
    private readonly place: PsqlPlace,
    private readonly signal: AbortSignal,
  ) {}

  /** Opens one for as long as `use` takes. */
  static use<T>(
    execs: Execs,
    place: PsqlPlace,
    use: (session: PsqlSession) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const session = new PsqlSession(place, signal);
    const request = {
      containerId: place.containerId,
      argv: ARGV,
      env: { LC_ALL: 'C', ...place.env },
      user: 'postgres',
      stdin: session.input,
      onStderr: (chunk: Buffer) => session.stderr.add(chunk),
    };
    const run = async ({ stdout }: RunningProgram) => {
      session.lines = linesOf(stdout);
      try {
        return await use(session);
      } finally {
        session.input.close();
      }
    };
    return execs.follow(request, run, signal);
  }

  async query<Row extends object>(sql: string): Promise<Row[]> {
    const lines = await this.ask(`SELECT pg_catalog.row_to_json(answer) FROM (\n${sql}\n) answer`);
    return lines.map((line) => JSON.parse(line) as Row);
  }

  async run(sql: string): Promise<void> {
    await this.ask(sql);
  }

  /** psql goes on after an error, and tells of it in variables of its own. */
  private ask(statement: string): Promise<string[]> {
    const { refusal, deadlineMs = DEADLINE_MS } = this.place;
    const { mark } = this;
    const report = `\\echo '${mark}' :ERROR :SQLSTATE\n\\if :ERROR\n\\echo :LAST_ERROR_MESSAGE\n\\endif\n\\echo '${mark}'\n`;
    this.input.put(Buffer.from(`${statement}\n;\n${report}`));
    return withDeadline(deadlineMs, this.signal, async () => {
      const answer = await this.until((line) => line.startsWith(mark));
      const [, failed, sqlState = ''] = (answer.pop() ?? '').split(' ');
      const message = (await this.until((line) => line === mark)).slice(0, -1).join(' ');
      if (failed === 'true') throw sqlError(refusal, withoutSecrets(message), sqlState);
      return answer;
    });
  }

  /** The lines up to one, which is the last of them. */
  private async until(isLast: (line: string) => boolean): Promise<string[]> {
    const lines: string[] = [];
    let bytes = 0;
    for (;;) {
      const next = await this.lines.next();
      if (next.done === true) throw this.lost();
      bytes += next.value.length;
      if (bytes > ANSWER_BYTES)
        throw new RuntimeError(this.place.refusal, 'PostgreSQL answers without an end');
      lines.push(next.value);
      if (isLast(next.value)) return lines;
    }
  }

  private lost(): RuntimeError {
    const said = withoutSecrets(String(this.stderr).trim());
    if (NO_CONNECTION.test(said)) {
      return new RuntimeError(this.place.absence ?? 'unavailable', `PostgreSQL takes no connection: ${said}`);
    }
    return new RuntimeError(
      'unavailable',
      `psql lost PostgreSQL or was stopped (${said || 'it said nothing'})`,
    );
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let all = Buffer.concat([rest, chunk]);
    for (let end = all.indexOf('\n'); end !== -1; end = all.indexOf('\n')) {
      yield all.subarray(0, end).toString('utf8');
      all = all.subarray(end + 1);
    }
    if (all.length > ANSWER_BYTES) return;
    rest = all;
  }
}

async function* noLines(): AsyncGenerator<string, void> {
  // Replaced as soon as psql runs.
}
