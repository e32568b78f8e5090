import fs from 'node:fs';
import fsp, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** Told before each step of the disk what it is, such as `sync /a.dump`; what it throws, the step throws. */
export type OnStep = (step: string) => void;

const FUNCTIONS = ['mkdir', 'open', 'rename', 'lstat', 'stat', 'readdir'];
const SYNC_FUNCTIONS = ['lstatSync', 'rmdirSync', 'unlinkSync'];
const METHODS = ['writeFile', 'sync', 'close', 'read', 'stat', 'readFile'];

type Functions = Record<string, (...values: unknown[]) => unknown>;

/**
 * Has every step that is done on the disk told before it is done, until it is disposed. With it a test dies, or
 * fails, between any two of them.
 */
export function watchDisk(onStep: OnStep): Disposable {
  const undo: (() => void)[] = [];
  const replace = (
    target: object,
    name: string,
    make: (original: Functions[string]) => Functions[string],
  ) => {
    const functions = target as Functions;
    const original = functions[name];
    if (!original) throw new Error(`there is no ${name}`);
    functions[name] = make(original);
    undo.push(() => (functions[name] = original));
  };
  for (const name of SYNC_FUNCTIONS) {
    replace(fs, name, (original) => (...values) => {
      onStep(`${name} ${pathsIn(values)}`);
      return original(...values);
    });
  }
  for (const name of FUNCTIONS) {
    replace(fsp, name, (original) => async (...values) => {
      onStep(`${name} ${pathsIn(values)}`);
      const result = await original(...values);
      if (name === 'open') watchFile(result as FileHandle, pathsIn(values), onStep);
      return result;
    });
  }
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      for (const step of undo) step();
      syncBuiltinESMExports();
    },
  };
}

/** The same for as long as some work takes. */
export async function whileWatched<T>(onStep: OnStep, work: () => Promise<T>): Promise<T> {
  const watch = watchDisk(onStep);
  try {
    return await work();
  } finally {
    watch[Symbol.dispose]();
  }
}

/** Tries something once for each step that it takes; `attempt` returns how many it took. */
export async function atEveryStep(attempt: (fatal: number) => Promise<number>): Promise<void> {
  for (let fatal = 1; (await attempt(fatal)) >= fatal; fatal++);
}

function watchFile(file: FileHandle, path: string, onStep: OnStep): void {
  const functions = file as unknown as Functions;
  for (const name of METHODS) {
    const original = functions[name]?.bind(file);
    if (!original) throw new Error(`there is no ${name}`);
    functions[name] = async (...values) => {
      try {
        onStep(`${name} ${path}`);
      } catch (error) {
        // As the kernel does, when the process dies or the disk fails: it is closed all the same.
        if (name === 'close') await original();
        throw error;
      }
      return original(...values);
    };
  }
}

function pathsIn(values: unknown[]): string {
  return values.filter((value) => typeof value === 'string' && value.includes('/')).join(' ');
}
