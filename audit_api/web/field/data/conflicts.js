// Two phones (or two beginnings) wrote the same visit. The server keeps both; the auditor says which one goes on.
import { now } from '../core/clock.js';
import { edit, update } from './drafts.js';
import { answersFrom, heldFrom, read, serverId } from './returned.js';
import { photosIn } from './revisions.js';

const OPEN = ['started', 'returned'];

/**
 * Keep the other side beside the draft until the auditor decides.
 * @param {object} draft
 * @param {import('../core/api.js').Refused} error the 409 or 423
 * @param {{session: any, way: object}} run
 */
export async function note(draft, error, { session, way }) {
  const theirs = await read(error.problem.visit ?? serverId(draft), way);
  const conflict = { reason: error.problem.reason ?? error.slug, theirs, locked: !OPEN.includes(theirs.state), at: now() };
  await update(draft.visit, (held) => {
    Object.assign(held, { state: 'conflict', conflict, problem: { status: error.status, slug: error.slug, title: error.title, detail: error.detail, language: error.language, errors: [], at: now() } });
  }, { session });
}

/** Whether one's own version can still go on: not where the other one is submitted already. */
export function canKeepMine(draft) {
  return Boolean(draft.conflict) && !draft.conflict.locked;
}

/** Go on with one's own version, as the next revision above the server's. */
export function keepMine(visit) {
  return edit(visit, (draft) => {
    if (!canKeepMine(draft)) return false;
    const { theirs } = draft.conflict;
    draft.held = heldFrom(theirs, 0);
    decided(draft, theirs, draft.wish);
    draft.sent_from = draft.changed + 1;
  });
}

/**
 * Go on with the server's version. Of one's own the server has kept the answers; its photos are still sent, and leave
 * this phone only with the receipt.
 */
export function takeTheirs(visit) {
  return update(visit, (draft) => {
    if (!draft.conflict) return false;
    const { theirs, locked } = draft.conflict;
    const kept = new Set(photosIn(theirs.observations));
    for (const [item, { photos }] of Object.entries(draft.answers)) {
      for (const { slot, sha256 } of photos) if (!kept.has(sha256)) draft.retaken.push({ item, slot, sha256, reason: '', at: now(), aside: true });
    }
    draft.answers = answersFrom(theirs.observations, draft.answers);
    Object.assign(draft, { started_at: theirs.started_at, ended_at: theirs.ended_at ?? draft.ended_at });
    draft.held = heldFrom(theirs, draft.changed);
    // Submitted by the other phone: what is left is to fetch its receipt. Otherwise it is read before it is sent.
    decided(draft, theirs, locked ? 'send' : 'keep');
  });
}

function decided(draft, theirs, wish) {
  Object.assign(draft, { at_server: theirs.visit === draft.visit ? undefined : theirs.visit, outgoing: null, conflict: undefined, problem: null, wish, state: wish === 'send' ? 'waiting' : 'draft' });
}
