// Visits as the auditor fills them in. Every change is read, made and written under one lock of the visit, so two tabs
// never lose each other's; a draft names its checklist's version and its task, so nothing that is renewed touches it.
import { change, read, under } from '../core/db.js';
import { now } from '../core/clock.js';
import { emit } from '../core/events.js';
import { working } from '../core/vault.js';
import { answersOf, itemsOf, visibleItems } from '../rules/index.js';
import { all as records, get, keyOf, put, sealed } from './records.js';

/** @typedef {{slot: string, sha256: string, taken_at: string|null, fix: object|null, source: 'camera'|'gallery'|'drawing', bytes: number, type: string}} Photo */
/** @typedef {{value: any, comment: string, answered_at: string|null, photos: Photo[]}} Answer */

/** There is no such draft in this account. */
export class NoDraft extends Error {
  constructor(visit) {
    super(`no draft ${visit}`);
    this.name = 'NoDraft';
  }
}

/** The id under which a version of a checklist lies among the records. */
export const checklistId = ({ code, version }) => `${code}:${version}`;

/** @returns {Promise<object|null>} the very version a draft was begun with, whatever has been published since */
export const checklistOf = async (draft) => (await get('checklist', checklistId(draft.checklist)))?.document ?? null;

/** Keep a version of a checklist with its draft, where it is not kept yet (in the shape of assignments.js). */
export async function keepChecklist(checklist, session = working()) {
  const id = checklistId(checklist);
  if (!(await get('checklist', id, session))) await put('checklist', id, { id, etag: null, document: checklist }, session);
}

const isUnsent = (draft) => !draft.practice && draft.state !== 'received';

// The row says in plain whether it still has to be sent, so that the lock screen can warn and an account is not thrown away.
async function rowOf(session, draft) {
  return { ...(await sealed(session, 'visit', draft.visit, draft)), unsent: isUnsent(draft) };
}

async function store(session, draft, also = () => {}, stores = []) {
  const [key, row] = [await keyOf(session, 'visit', draft.visit), await rowOf(session, draft)];
  await change(['records', 'accounts', ...stores], async (tx) => {
    await also(tx);
    const before = await tx.read('records', key);
    await tx.write('records', key, row);
    if (before?.unsent !== row.unsent) await count(tx, session.account);
  });
}

async function count(tx, id) {
  const unsent = (await tx.list('records', under(id, 'visit'))).filter((row) => row.unsent).length;
  const account = await tx.read('accounts', id);
  if (account && account.unsent !== unsent) await tx.write('accounts', id, { ...account, unsent });
}

const one = (visit, fn) => navigator.locks.request(`draft:${visit}`, fn);

/**
 * Begin a visit. The checklist is kept with it.
 * @param {object} assignment of GET /v1/assignments; `practice: true` for one that is never sent
 * @param {object} checklist the JSON of GET /v1/checklists/{code}/versions/{version}
 */
export async function start(assignment, checklist, { locale = document.documentElement.lang.slice(0, 2) || 'zh' } = {}) {
  const session = working();
  const held = { code: checklist.code, version: checklist.version };
  const at = now();
  const draft = {
    visit: crypto.randomUUID(), device: (await read('accounts', session.account))?.device ?? '', assignment: assignment.code, task: assignment, checklist: held,
    dealer: assignment.dealer?.code ?? assignment.dealer, mode: assignment.mode, practice: Boolean(assignment.practice),
    started_at: at, ended_at: null, locale, answers: {}, correction: '', asked: null, follow_ups: null,
    held: { revision: 0, hash: null }, outgoing: null, changed: 0, wish: 'keep', state: 'draft', problem: null, receipt: null,
    arrived: {}, retaken: [], changed_at: at,
  };
  await keepChecklist(checklist, session);
  await store(session, draft);
  emit('changed', { visit: draft.visit });
  return draft;
}

/**
 * Store a draft that comes from elsewhere (the server, an export file).
 * @param {object} draft
 * @param {(held: object) => boolean} [over] whether it takes the place of one that is here; otherwise that one stays
 * @returns {Promise<boolean>} whether it was stored
 */
export function adopt(draft, over = () => false) {
  const session = working();
  return one(draft.visit, async () => {
    const held = await get('visit', draft.visit, session);
    if (held && !over(held)) return false;
    await store(session, draft);
    emit('changed', { visit: draft.visit });
    return true;
  });
}

/**
 * Throw a draft away: one for practice, or one that the server has. Others stay.
 * @param {object} draft
 * @param {{stores?: string[], also?: (tx: object) => any}} [more] what goes with it
 * @returns {Promise<boolean>}
 */
export function discard({ visit }, { session = working(), stores = [], also = () => {} } = {}) {
  return one(visit, async () => {
    const draft = await get('visit', visit, session);
    if (!draft || isUnsent(draft)) return false;
    const key = await keyOf(session, 'visit', visit);
    await change(['records', ...stores], async (tx) => {
      await also(tx);
      await tx.erase('records', key);
    });
    emit('changed', { visit });
    return true;
  });
}

/** @returns {Promise<object|null>} the draft of a visit */
export const load = (visit) => get('visit', visit);

/** @returns {Promise<object[]>} all drafts of whoever is signed in, the last begun first */
export async function all(session = working()) {
  const drafts = await records('visit', session);
  return drafts.sort((one, other) => (one.started_at < other.started_at ? 1 : -1));
}

/**
 * Read, change and write a draft under its lock. `fn` may be async, changes the draft it is given (or gives another), and
 * gives false to leave all as it was. Does not count as a change by the auditor: see `edit`.
 * @param {string} visit
 * @param {(draft: object) => any} fn
 * @param {{stores?: string[], also?: (tx: object) => any}} [more] what is written in the same transaction
 * @returns {Promise<object>} the draft as it is now
 * @throws {NoDraft} @throws {StorageFull} and everything is as before
 */
export async function update(visit, fn, more = {}) {
  const session = more.session ?? working();
  return one(visit, async () => {
    const draft = await get('visit', visit, session);
    if (!draft) throw new NoDraft(visit);
    const given = await fn(draft);
    if (given === false) return draft;
    const changed = given?.visit === visit ? given : draft;
    await store(session, changed, more.also, more.stores);
    emit('changed', { visit });
    return changed;
  });
}

/** Change a draft as the auditor: counted in `changed`; what the server has already is open again until it is sent. */
export function edit(visit, fn, more) {
  return update(visit, async (draft) => {
    const given = await fn(draft);
    if (given === false) return false;
    const changed = given?.visit === visit ? given : draft;
    changed.changed += 1;
    changed.changed_at = now();
    if (changed.state === 'received') Object.assign(changed, { state: 'draft', wish: 'keep' });
    return changed;
  }, more);
}

/** Give the answer of an item, making an empty one where there is none. @returns {Answer} */
export function answerOf(draft, item) {
  draft.answers[item] ??= { value: null, comment: '', answered_at: null, photos: [] };
  return draft.answers[item];
}

/** Answer an item; null takes the answer back, its note and photos stay. */
export function setAnswer(visit, item, value = null) {
  return edit(visit, (draft) => {
    const answer = answerOf(draft, item);
    if (JSON.stringify(answer.value) === JSON.stringify(value)) return false;
    Object.assign(answer, { value, answered_at: value === null ? null : now() });
  });
}

/** Write the note of an item. */
export function setComment(visit, item, comment) {
  return edit(visit, (draft) => {
    const answer = answerOf(draft, item);
    if (answer.comment === comment) return false;
    answer.comment = comment;
  });
}

/** Say that the visit is done and is to be sent; one for practice is only ended. */
export function finish(visit) {
  return edit(visit, (draft) => {
    draft.ended_at ??= now();
    if (!draft.practice) Object.assign(draft, { wish: 'send', state: 'waiting', problem: null, sent_from: draft.changed + 1 });
  });
}

/**
 * The body of PUT /v1/visits/{id}: what is hidden now is left out, whatever was answered before. The device named is the
 * one the visit was begun on: sent from a desktop after an import it is the same content.
 * @param {object} draft
 * @param {object} checklist
 * @param {number} revision
 * @param {{app?: string, device?: string}} [client]
 */
export function contentOf(draft, checklist, revision, client = {}) {
  const shown = visibleItems(checklist, answersOf(checklist, draft.answers));
  const said = ({ value, comment, photos, attachments }) => (value !== null && value !== '') || comment || photos.length || attachments?.length;
  const observations = itemsOf(checklist)
    .filter((item) => shown.has(item.id) && draft.answers[item.id] && said(draft.answers[item.id]))
    .map((item) => {
      const { value, comment, answered_at, photos, attachments } = draft.answers[item.id];
      const named = photos.map(({ slot, sha256, taken_at, fix }) => ({ slot, sha256, taken_at, fix }));
      return { item: item.id, value: value === '' ? null : value, comment: comment || null, answered_at, photos: named, ...(attachments?.length ? { attachments } : {}) };
    });
  const { assignment, dealer, started_at, ended_at, locale, correction } = draft;
  return {
    revision, checklist: draft.checklist, assignment, dealer, started_at, ended_at, locale,
    client: { app: 'field', ...client, ...(draft.device ? { device: draft.device } : {}) }, observations, ...(correction.trim() ? { correction: correction.trim() } : {}),
  };
}
