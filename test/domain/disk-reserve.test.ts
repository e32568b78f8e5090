import { roomToWrite } from '../../src/domain/disk-reserve.js';

const GIB = 1024 ** 3;

it.each([
  ['a twentieth of a small disk', 10 * GIB, 2 * GIB, 1.5 * GIB],
  ['a GiB of a large one', 1000 * GIB, 3 * GIB, 2 * GIB],
  ['less than nothing of one that is nearly full', 1000 * GIB, GIB / 2, -GIB / 2],
  ['nothing of one that does not tell its size', 0, 0, Infinity],
])('leaves %s to others', (_, totalBytes, availableBytes, room) => {
  expect(roomToWrite({ totalBytes, availableBytes })).toBe(room);
});
