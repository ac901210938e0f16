// How much room there is, and whether the browser may throw things away by itself.
import { on } from '../core/events.js';
import { all } from './drafts.js';
import { discardVisit } from './photos.js';

const KEPT_MS = 90 * 86_400_000;
const LOW_BYTES = 200e6;
const LOW_SHARE = 0.85;

/** Ask the browser to keep the data whatever happens; true where it says so. */
export async function persist() {
  if (!navigator.storage?.persist) return false;
  return (await navigator.storage.persisted()) || navigator.storage.persist();
}

let full = false;
on('storage', ({ full: told = full }) => (full = told));

/**
 * How much is used and may be. What browsers say of the quota is a hint: Chromium tells 10 GB more than is used, whatever
 * the disk holds. So a write that found no room counts for more, until a photo goes in again.
 * @returns {Promise<{used: number, quota: number, low: boolean, full: boolean}>} bytes; `low`: room for few more photos
 */
export async function estimate() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return { used: usage, quota, full, low: full || (quota > 0 && (quota - usage < LOW_BYTES || usage > quota * LOW_SHARE)) };
}

/** Since when the oldest visit waits that has not reached the server; null where none does. @returns {Promise<string|null>} */
export async function unsentSince() {
  const waiting = (await all()).filter((draft) => !draft.practice && draft.state !== 'received').map((draft) => draft.changed_at);
  return waiting.sort((one, other) => new Date(one) - new Date(other))[0] ?? null;
}

/**
 * Throw away what was practised and ended, and what has been on the server for 90 days; whatever waits, stays.
 * @returns {Promise<number>} how many visits went
 */
export async function tidy() {
  const until = Date.now() - KEPT_MS;
  const old = (await all()).filter((draft) => (draft.practice ? draft.ended_at : draft.receipt && Date.parse(draft.receipt.server_time) < until));
  let gone = 0;
  for (const { visit } of old) if (await discardVisit(visit)) gone += 1;
  return gone;
}
