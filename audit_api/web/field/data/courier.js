// Brings one visit to the server: content, photos, submission, receipt. It can be ended at any point and begun again.
import { Refused } from '../core/api.js';
import { checklistId, update } from './drafts.js';
import * as conflicts from './conflicts.js';
import * as photos from './photos.js';
import { problemOf } from './problems.js';
import { hasFollowUps, noteFollowUps, read, serverId } from './returned.js';
import { get } from './records.js';
import { acknowledge, freeze, isAhead, isReceiptOf, owed } from './revisions.js';
import { PhotoLost, sendContent, sendPhoto, submit } from './transfer.js';

const AGAIN = new Set([401, 408, 424, 429]);
const OF_CONTENT = new Set([400, 413, 415, 422]);

/** The visit cannot go on without the auditor; why stands in the draft. */
export class Stopped extends Error {}

/** Another tab took over and has gone further in the meantime: nothing is in dispute. */
export class Overtaken extends Error {}

const load = (visit, { session }) => get('visit', visit, session);

/** Whether a refusal passes by itself, or by signing in: everything else needs a person. */
export function passes(error) {
  return error instanceof Refused && (AGAIN.has(error.status) || error.status >= 500);
}

/**
 * Do what is due for a visit.
 * @param {string} visit
 * @param {{session: any, way: {who: string, signal: AbortSignal}, pace: import('./transfer.js').Pace, device: string,
 *   early: boolean, mayFreeze: (draft: object) => boolean, froze: (draft: object) => void, maySubmit: (draft: object) => boolean,
 *   told: (sha256: string, sent: number, total: number, state: string) => void, advanced: () => void}} run
 *   `advanced`: the server has taken something in; `told` counts the bytes of a photo that it holds
 *   `early`: a draft that the auditor has not sent: it is not submitted, and a refusal does not trouble anybody yet
 * @returns {Promise<'received'|'later'>} @throws {Stopped|import('../core/api.js').Offline|Refused}
 */
export async function deliver(visit, run) {
  const begun = await load(visit, run);
  const checklist = (await get('checklist', checklistId(begun.checklist), run.session)).document;
  const prepare = () => update(visit, (draft) => {
    if (!run.mayFreeze(draft) || !freeze(draft, checklist, { device: run.device })) return false;
    run.froze(draft);
    return true;
  }, { session: run.session });
  for (;;) {
    let draft = await prepare();
    if (draft.outgoing) {
      await putContent(draft, run);
      continue; // what was changed meanwhile becomes the next revision
    }
    await putPhotos(draft, run);
    draft = await prepare();
    if (draft.outgoing) continue;
    if (run.early || draft.wish !== 'send' || draft.held.revision === 0 || !run.maySubmit(draft)) return 'later';
    await hand(draft, run);
    return 'received';
  }
}

async function putContent(draft, run) {
  const sent = draft.outgoing;
  let answer;
  try {
    answer = await sendContent(serverId(draft), sent.content, run.way);
  } catch (error) {
    if (!(error instanceof Refused) || passes(error)) throw error;
    if (error.status === 409 || (error.status === 423 && !draft.receipt)) await disagreed(draft, error, run);
    // What was refused for its content is not on the server: mended, it goes out under the same number.
    await stop(draft, run, problemOf(error), { refused: OF_CONTENT.has(error.status) || error.status === 423 });
  }
  run.advanced();
  const held = await update(draft.visit, (now) => acknowledge(now, sent, answer), { session: run.session });
  if (held.held.revision < sent.revision) throw new Overtaken();
}

async function disagreed(draft, error, run) {
  const now = await load(draft.visit, run);
  if (now.held.revision > draft.held.revision || now.state === 'received') throw new Overtaken();
  try {
    await conflicts.note(draft, error, run);
  } catch (inner) {
    if (!(inner instanceof Refused) || passes(inner)) throw inner;
    return; // the other side cannot be read: the refusal itself is told
  }
  throw new Stopped();
}

async function putPhotos(draft, run) {
  const refused = [];
  for (const sha256 of owed(draft).filter((one) => !draft.arrived[one])) {
    try {
      await putPhoto(sha256, run);
      await update(draft.visit, (held) => void (held.arrived[sha256] = true), { session: run.session });
    } catch (error) {
      const reason = await reasonAgainst(error, sha256, run);
      if (!reason) throw error;
      run.told(sha256, 0, 0, 'failed');
      refused.push({ sha256, reason });
    }
  }
  if (!refused.length) return;
  const errors = refused.flatMap(({ sha256, reason }) => placesOf(draft, sha256).map((place) => ({ ...place, ...reason })));
  await stop(draft, run, { ...problemOf(null), slug: 'photos-refused', errors });
}

async function putPhoto(sha256, run) {
  let total = 0;
  const told = (sent, all) => {
    total = all;
    run.told(sha256, sent, all, 'sending');
  };
  await sendPhoto(sha256, () => photos.bytesOf(sha256, run.session), run.way, run.pace, told);
  run.advanced();
  run.told(sha256, total, total, 'there');
}

/** Why a photo will never arrive as it is; null where trying again can help. */
async function reasonAgainst(error, sha256, run) {
  if (error instanceof PhotoLost) return { code: 'photo-lost', message: null };
  if (!(error instanceof Refused) || passes(error) || error.status === 404) return null;
  if (error.slug === 'hash-mismatch') {
    const bytes = await photos.bytesOf(sha256, run.session);
    return bytes && (await photos.hashOf(bytes)) === sha256 ? null : { code: 'photo-damaged', message: null };
  }
  return { code: error.slug, message: error.detail || error.title, language: error.language };
}

function placesOf(draft, sha256) {
  const places = Object.entries(draft.answers).flatMap(([item, { photos: named }]) => named.filter((one) => one.sha256 === sha256).map(({ slot }) => ({ item, slot, sha256 })));
  return places.length ? places : [{ sha256 }];
}

async function hand(draft, run) {
  const id = serverId(draft);
  let receipt;
  try {
    receipt = await submit(id, draft.held.revision, run.way);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 424) await missing(draft, error, run);
    if (passes(error)) throw error;
    if (error.status === 409 || error.status === 423) await disagreed(draft, error, run);
    await stop(draft, run, problemOf(error));
  }
  if (!isReceiptOf(receipt, draft, id)) throw new Error('the receipt is of something else');
  run.advanced();
  await update(draft.visit, (held) => {
    Object.assign(held, { receipt, state: 'received', told: false, problem: isAhead(held) ? { ...problemOf(null), slug: 'late-change' } : null });
  }, { session: run.session });
  await settle(draft.visit, run).catch(() => {}); // what is left of it is done at the next start
}

/** The server lacks photos that were there: they are sent again. What it has refused for good is told. */
async function missing(draft, error, run) {
  const { missing: hashes = [], refused = [] } = error.problem;
  await update(draft.visit, (held) => {
    for (const sha256 of hashes) delete held.arrived[sha256];
  }, { session: run.session });
  if (!refused.length) return;
  const errors = refused.flatMap(({ sha256, reason, message }) => placesOf(draft, sha256).map((place) => ({ ...place, code: reason, message, language: error.language })));
  await stop(draft, run, { ...problemOf(error), slug: 'photos-refused', errors });
}

/** After the receipt: which items stay open, and the photos that it names leave the phone. Safe to repeat. */
export async function settle(visit, run) {
  await photos.free(visit);
  const draft = await load(visit, run);
  if (await hasFollowUps(draft.checklist, run.session)) await noteFollowUps(visit, await read(serverId(draft), run.way), { session: run.session });
  await update(visit, (held) => void (held.settled = held.receipt?.revision), { session: run.session });
}

async function stop(draft, run, problem, { refused = false } = {}) {
  await update(draft.visit, (held) => {
    if (refused) held.outgoing = null;
    held.problem = { ...problem, changed: held.changed };
    if (!run.early) held.state = 'failed';
  }, { session: run.session });
  throw new Stopped();
}
