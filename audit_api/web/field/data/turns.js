// Whose turn it is: what the auditor has sent first, then drafts, a little of them at a time, in case the phone is lost.
import { isAhead, owed } from './revisions.js';

const EARLY_MS = 180_000;
const QUIET_MS = 60_000;

/** Whether something of a draft may be sent at all: a visit that was sent, or a draft for safety's sake. */
export function isDue(draft) {
  if (draft.practice) return false;
  if (draft.wish === 'send') return draft.state === 'waiting';
  return draft.state === 'draft' && draft.changed > 0 && !draft.receipt;
}

/** Choose the next of those that are ready. @param {any[]} ready @param {Map<string, {at: number, refused?: number}>} early */
export function choose(ready, early) {
  const sent = ready.filter((draft) => draft.wish === 'send').sort((one, other) => String(one.ended_at).localeCompare(String(other.ended_at)));
  return sent[0] ?? ready.find((draft) => draft.wish !== 'send' && wantsEarly(draft, early)) ?? null;
}

function wantsEarly(draft, early) {
  const last = early.get(draft.visit);
  if (!last) early.set(draft.visit, { at: performance.now() });
  if (!last || last.refused === draft.changed) return false;
  return Boolean(draft.outgoing) || owed(draft).some((sha256) => !draft.arrived[sha256]) || mayFreezeEarly(draft, early);
}

/** Whether a draft may become a revision now: some minutes after it was first seen, or last sent. */
export function mayFreezeEarly(draft, early) {
  const last = early.get(draft.visit);
  return isAhead(draft) && last !== undefined && performance.now() - last.at >= EARLY_MS;
}

/**
 * Whether the auditor has left a visit alone since pressing Send: what is being changed is not submitted under the hand.
 * @param {object} draft @param {Map<string, {changed: number, since: number}>} seen
 */
export function isQuiet(draft, seen) {
  if (draft.sent_from === undefined || draft.changed === draft.sent_from) return true;
  const last = seen.get(draft.visit);
  if (last?.changed !== draft.changed) seen.set(draft.visit, { changed: draft.changed, since: performance.now() });
  return performance.now() - seen.get(draft.visit).since >= QUIET_MS;
}
