// Which revision of a visit goes out next. What has gone out once stays as it is until it is answered: a lost answer is
// asked for with the very same bytes, also after a crash.
import { contentOf } from './drafts.js';

/** Whether the auditor changed something that is in no revision yet. */
export function isAhead(draft) {
  return draft.changed > (draft.held.changed ?? 0);
}

/** The hashes of photos in a list of observations, each once. */
export function photosIn(observations) {
  return [...new Set(observations.flatMap(({ photos }) => photos.map(({ sha256 }) => sha256)))];
}

/** The photos that the server should have: those of the revision it holds, and those of a version set aside. */
export function owed(draft) {
  const aside = draft.retaken.filter(({ aside: kept }) => kept).map(({ sha256 }) => sha256);
  return [...new Set([...photosIn(draft.held.observations ?? []), ...aside])];
}

/** Fix the next revision, unless one is under way or nothing has changed; for drafts.update. */
export function freeze(draft, checklist, client) {
  if (draft.outgoing || !isAhead(draft)) return false;
  const revision = draft.held.revision + 1;
  const content = contentOf(draft, checklist, revision, client);
  if (isLate(draft)) {
    content.observations = withLateAnswers(draft, content.observations);
    if (JSON.stringify(content.observations) === JSON.stringify(draft.held.observations)) {
      draft.held.changed = draft.changed;
      return true; // nothing that could still be sent
    }
  }
  draft.outgoing = { revision, content, changed: draft.changed };
  return true;
}

/** Whether the visit is submitted and only open follow-ups may still change. */
export function isLate(draft) {
  return Boolean(draft.receipt) && draft.follow_ups !== null;
}

/** What was submitted, with the late answers in it and nothing else changed: anything else would be refused. */
function withLateAnswers(draft, observations) {
  const late = new Set(draft.follow_ups.map(({ item }) => item));
  const given = new Map(observations.filter(({ item }) => late.has(item)).map((one) => [one.item, one]));
  const kept = draft.held.observations.map((one) => (late.has(one.item) ? given.get(one.item) ?? one : one));
  const there = new Set(kept.map(({ item }) => item));
  return [...kept, ...[...given.values()].filter(({ item }) => !there.has(item))];
}

/** Take note that the server holds a revision; a late answer to an older one changes nothing. */
export function acknowledge(draft, sent, answer) {
  if (draft.outgoing?.revision !== sent.revision) return false;
  draft.held = { revision: sent.revision, hash: answer.content_hash, changed: sent.changed, observations: sent.content.observations };
  draft.outgoing = null;
  draft.problem = null;
  return true;
}

/** Whether a receipt is of the revision held, and names each of its photos. */
export function isReceiptOf(receipt, draft, id) {
  const named = new Set((receipt?.photos ?? []).map(({ sha256 }) => sha256));
  const { revision, hash, observations } = draft.held;
  return receipt?.visit === id && receipt.revision === revision && receipt.content_hash === hash && photosIn(observations).every((sha256) => named.has(sha256));
}
