import { DiskStore } from '../../../src/backups/disk/disk-store.js';
import { dumpOf } from '../sample-backup.js';
import { KEY, manifestOf } from '../sample-manifest.js';
import { watchDisk } from '../watch-disk.js';

// A process of its own for crash.test.ts: keeps a backup in the folder it is given, and is killed before the step
// of the disk that it is given the number of. It says each step; without being killed it ends by itself.
const [root = '', fatal = '0'] = process.argv.slice(2);
let steps = 0;
watchDisk(() => {
  if (++steps === Number(fatal)) process.kill(process.pid, 'SIGKILL');
});
const draft = await new DiskStore(root).begin(KEY);
await draft.commit(manifestOf(KEY, await draft.write(dumpOf(30_000))));
process.stdout.write(`${steps}\n`);
