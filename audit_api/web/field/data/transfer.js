// One thing at a time to the server: a visit's content, a photo, the submission. Each may be repeated at any time.
import { call, Refused } from '../core/api.js';

const MOST_BYTES = 512 * 1024;
const LEAST_BYTES = 32 * 1024;
const QUICK_MS = 4_000;
const SLOW_MS = 15_000;
const MOST_MISSES = 4;
const LEAST_PATIENCE_MS = 30_000;
const SLOWEST_BYTES_PER_MS = 8;
const MOST_CORRECTIONS = 20;

/** A photo that is named is neither on this phone nor on the server. */
export class PhotoLost extends Error {
  /** @param {string} sha256 */
  constructor(sha256) {
    super('photo lost');
    this.name = 'PhotoLost';
    this.sha256 = sha256;
  }
}

/**
 * How much goes into one chunk: less where chunks take long or come to nothing, more again where they arrive. A break
 * alone is no reason: what came of a chunk before it is kept by the server.
 */
export class Pace {
  constructor() {
    this.bytes = MOST_BYTES;
    this.misses = 0;
    this.held = new Map();
  }

  /** Learn how much of a photo the server holds. */
  reached(sha256, offset) {
    if (offset > (this.held.get(sha256) ?? 0)) this.misses = 0;
    this.held.set(sha256, offset);
  }

  /** Learn from a chunk that arrived. */
  arrived(ms) {
    this.misses = 0;
    if (ms < QUICK_MS) this.bytes = Math.min(MOST_BYTES, this.bytes * 2);
    else if (ms > SLOW_MS) this.shrink();
  }

  /** Learn from one that was not answered. */
  failed(ms) {
    this.misses += 1;
    if (ms > QUICK_MS || this.misses >= MOST_MISSES) this.shrink();
  }

  shrink() {
    this.misses = 0;
    this.bytes = Math.max(LEAST_BYTES, Math.floor(this.bytes / 2));
  }

  /** How long to wait for the answer to a chunk. */
  patience(bytes) {
    return LEAST_PATIENCE_MS + bytes / SLOWEST_BYTES_PER_MS;
  }
}

/**
 * Send a visit's content: the same object gives the same bytes each time.
 * @returns {Promise<{visit: string, revision: number, content_hash: string, state: string}>}
 */
export async function sendContent(id, content, way) {
  return (await call('PUT', `/v1/visits/${id}`, { ...way, json: content })).json;
}

/** Submit a revision; gives the receipt, the same one however often it is asked for. */
export async function submit(id, revision, way) {
  return (await call('POST', `/v1/visits/${id}/submission`, { ...way, json: { revision } })).json;
}

/**
 * Send a photo from where the server says it stands.
 * @param {string} sha256
 * @param {() => Promise<ArrayBuffer|null>} bytesOf asked for only when the server lacks some; null where this phone does
 * @param {{signal?: AbortSignal, who?: string}} way
 * @param {Pace} pace
 * @param {(sent: number, total: number) => void} told
 * @throws {PhotoLost}
 */
export async function sendPhoto(sha256, bytesOf, way, pace, told) {
  const path = `/v1/photos/${sha256}`;
  let offset = await offsetOf(path, way);
  if (offset === null) return;
  pace.reached(sha256, offset);
  const bytes = await bytesOf();
  if (bytes === null) throw new PhotoLost(sha256);
  told(offset, bytes.byteLength);
  for (let corrections = 0; corrections < MOST_CORRECTIONS; ) {
    const answer = await sendChunk(path, bytes, offset, way, pace);
    if (answer === null) return;
    corrections = answer > offset ? 0 : corrections + 1;
    offset = answer;
    pace.reached(sha256, offset);
    told(offset, bytes.byteLength);
  }
  throw new Error(`the server asks for byte ${offset} of a photo again and again`);
}

/** How many bytes of a photo the server holds; null when it has all. */
async function offsetOf(path, way) {
  try {
    const answer = await call('HEAD', path, way);
    return answer.status === 200 ? null : offsetIn(answer.headers);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return 0;
    throw error;
  }
}

/** Send the bytes from an offset on; gives the next offset, null when that was all. */
async function sendChunk(path, bytes, offset, way, pace) {
  const chunk = bytes.slice(offset, offset + pace.bytes);
  const headers = { 'Content-Type': 'application/octet-stream', 'Upload-Offset': String(offset), 'Upload-Length': String(bytes.byteLength) };
  const began = performance.now();
  try {
    const answer = await call('PATCH', path, { ...way, body: chunk, headers, patience: pace.patience(chunk.byteLength) });
    pace.arrived(performance.now() - began);
    return answer.status === 201 ? null : offsetIn(answer.headers);
  } catch (error) {
    if (error instanceof Refused && error.status === 412) return null;
    if (error instanceof Refused && error.status === 409) return offsetIn(error.headers);
    if (!(error instanceof Refused)) pace.failed(performance.now() - began);
    throw error;
  }
}

function offsetIn(headers) {
  const offset = Number(headers.get('Upload-Offset') ?? NaN);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Error('an answer without Upload-Offset');
  return offset;
}
