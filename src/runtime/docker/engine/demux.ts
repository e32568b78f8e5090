import { Transform, type TransformCallback } from 'node:stream';

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Takes Docker's multiplexed stream apart: passes stdout on and hands stderr to `onStderr`. It holds no more
 * than a frame's header back, so that the reader's backpressure reaches the container; dockerode's own
 * `demuxStream` ignores it and buffers a whole dump. A stream that is cut inside a frame is an error.
 */
export class Demux extends Transform {
  private header = Buffer.alloc(0);
  private frame = { type: 0, left: 0 };

  constructor(private readonly onStderr: (chunk: Buffer) => void) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.frame.left === 0) {
        const missing = HEADER_BYTES - this.header.length;
        this.header = Buffer.concat([this.header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.header.length < HEADER_BYTES) break;
        this.frame = { type: this.header.readUInt8(0), left: this.header.readUInt32BE(4) };
        this.header = Buffer.alloc(0);
        if (this.frame.type > STDERR) {
          done(new Error('Docker sent a stream that is not multiplexed'));
          return;
        }
        continue;
      }
      const part = rest.subarray(0, this.frame.left);
      rest = rest.subarray(part.length);
      this.frame.left -= part.length;
      if (this.frame.type === STDERR) this.onStderr(part);
      else this.push(part);
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    const whole = this.frame.left === 0 && this.header.length === 0;
    done(whole ? null : new Error('Docker cut a stream in the middle of a frame'));
  }
}
