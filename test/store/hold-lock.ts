import { lockDataDir } from '../../src/store/data-dir-lock.js';

// A process of its own for data-dir-lock.test.ts: takes the lock of the folder it is given, and keeps it.
lockDataDir(process.argv[2] ?? '');
process.stdout.write('held\n');
setInterval(() => undefined, 60_000);
