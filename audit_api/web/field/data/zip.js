// ZIP files without compression (photos do not get smaller), written and read piece by piece: never more than one photo in memory.
// After PKWARE's APPNOTE 6.3; no ZIP64, so at most 4 GB and 65,535 entries.

const MOST_BYTES = 0xffffffff;
const MOST_ENTRIES = 0xffff;
const UTF8 = 0x0800;
const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crcOf(bytes) {
  let c = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) c = TABLE[(c ^ bytes[at]) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** The file is no ZIP of this kind, or it is cut off or damaged. */
export class BadZip extends Error {
  constructor() {
    super('not a whole ZIP file');
    this.name = 'BadZip';
  }
}

/** There is more than one file can hold. */
export class TooMuch extends Error {
  constructor() {
    super('more than a ZIP file holds');
    this.name = 'TooMuch';
  }
}

function header(signature, fields, name = new Uint8Array(0)) {
  const size = fields.reduce((sum, [width]) => sum + width, 4);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Blob([view, name]);
}

/** Begin a ZIP file: `add(name, content)` for each entry, then `end()` gives the Blob. */
export function zip(date = new Date()) {
  const [parts, entries] = [[], []];
  let size = 0;
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  const day = ((date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const put = (blob) => {
    parts.push(blob);
    size += blob.size;
    if (size > MOST_BYTES) throw new TooMuch();
  };
  return {
    /** @param {string} name @param {ArrayBuffer|Uint8Array|string} content */
    add(name, content) {
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
      const path = new TextEncoder().encode(name);
      const common = [[2, UTF8], [2, 0], [2, time], [2, day], [4, crcOf(bytes)], [4, bytes.length], [4, bytes.length], [2, path.length], [2, 0]];
      entries.push(header(CENTRAL, [[2, 20], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, size]], path));
      if (entries.length >= MOST_ENTRIES) throw new TooMuch();
      put(header(LOCAL, [[2, 20], ...common], path));
      put(new Blob([bytes]));
    },
    end() {
      const start = size;
      for (const entry of entries) put(entry);
      put(header(END, [[2, 0], [2, 0], [2, entries.length], [2, entries.length], [4, size - start], [4, start], [2, 0]]));
      return new Blob(parts, { type: 'application/zip' });
    },
  };
}

const viewOf = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());

/**
 * Read the table of a ZIP file; the contents are read one by one, and checked.
 * @param {Blob} file
 * @returns {Promise<Map<string, () => Promise<Uint8Array>>>} what reads each entry, by its name
 * @throws {BadZip}
 */
export async function unzip(file) {
  const tail = await viewOf(file, Math.max(0, file.size - 65_557), file.size);
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new BadZip();
  const [count, length, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  const table = await viewOf(file, start, start + length);
  const entries = new Map();
  let from = 0;
  for (let n = 0; n < count; n += 1) {
    if (from + 46 > table.byteLength || table.getUint32(from, true) !== CENTRAL) throw new BadZip();
    const [method, crc, size] = [table.getUint16(from + 10, true), table.getUint32(from + 16, true), table.getUint32(from + 24, true)];
    const [named, extra, remark] = [28, 30, 32].map((field) => table.getUint16(from + field, true));
    const offset = table.getUint32(from + 42, true);
    if (from + 46 + named > table.byteLength) throw new BadZip();
    const name = new TextDecoder().decode(new Uint8Array(table.buffer, from + 46, named));
    entries.set(name, () => content(file, offset, { method, size, crc }));
    from += 46 + named + extra + remark;
  }
  return entries;
}

async function content(file, offset, { method, size, crc }) {
  const head = await viewOf(file, offset, offset + 30);
  if (method !== 0 || head.byteLength < 30 || head.getUint32(0, true) !== LOCAL) throw new BadZip();
  const from = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const bytes = new Uint8Array(await file.slice(from, from + size).arrayBuffer());
  if (bytes.length !== size || crcOf(bytes) !== crc) throw new BadZip();
  return bytes;
}
