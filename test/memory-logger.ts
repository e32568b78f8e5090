import type { Logger } from '../src/domain/logger.js';

export interface LogLine {
  level: keyof Logger;
  fields: Record<string, unknown>;
  message: string;
}

/** Keeps what was logged, for a test to look at. */
export class MemoryLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug = (fields: object, message: string) => this.keep('debug', fields, message);
  info = (fields: object, message: string) => this.keep('info', fields, message);
  warn = (fields: object, message: string) => this.keep('warn', fields, message);
  error = (fields: object, message: string) => this.keep('error', fields, message);

  messages(level: keyof Logger): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  private keep(level: keyof Logger, fields: object, message: string): void {
    this.lines.push({ level, fields: { ...fields }, message });
  }
}
