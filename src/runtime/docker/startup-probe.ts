import { connect } from 'node:net';
import { TENANT_DATABASE } from '../../domain/environment.js';
import type { Address } from './address.js';

/**
 * `closed`: nothing answers there. `starting`: PostgreSQL says that it does not take connections yet, as
 * while it recovers. `ready`: it asks who is there.
 */
export type StartupState = 'closed' | 'starting' | 'ready';

const PROTOCOL_3 = 196608;
/** `cannot_connect_now` */
const STARTING_UP = '57P03';

/** Knocks at PostgreSQL as a client does, and leaves before it has to say a password. */
export function probeStartup(address: Address, timeoutMs: number): Promise<StartupState> {
  return new Promise((resolve) => {
    const socket = connect(address);
    let answer = Buffer.alloc(0);
    const finish = (state: StartupState) => {
      socket.destroy();
      resolve(state);
    };
    socket.setTimeout(timeoutMs, () => finish('closed'));
    socket.on('error', () => finish('closed'));
    socket.on('close', () => finish('closed'));
    socket.on('connect', () => socket.write(startupMessage()));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      const state = readAnswer(answer);
      if (state) finish(state);
    });
  });
}

function startupMessage(): Buffer {
  const parameters = Buffer.from(`user\0postgres\0database\0${TENANT_DATABASE}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, parameters]);
}

/** `null` while the first message is not there as a whole. */
function readAnswer(answer: Buffer): StartupState | null {
  if (answer.length < 5) return null;
  const type = String.fromCharCode(answer.readUInt8(0));
  if (type === 'R') return 'ready';
  if (type !== 'E') return 'closed';
  const end = 1 + answer.readInt32BE(1);
  if (answer.length < end) return null;
  const fields = answer.subarray(5, end).toString('utf8').split('\0');
  return fields.includes(`C${STARTING_UP}`) ? 'starting' : 'ready';
}
