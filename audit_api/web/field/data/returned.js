// What the server holds and this phone does not yet know: reports sent back, follow-ups that are open, and visits of
// one's own that another phone (a lost one, perhaps) has sent.
import { call } from '../core/api.js';
import * as drafts from './drafts.js';
import { get } from './records.js';

const SUBMITTED = ['submitted', 'in_qc'];

/** The id under which the server has a draft's visit: the one it was begun under, unless another phone was first. */
export function serverId(draft) {
  return draft.at_server ?? draft.visit;
}

/**
 * Look at the visits of the assignments listed, and take over what concerns the auditor.
 * @param {any[]} listed as GET /v1/assignments gives them
 */
export async function collect(listed) {
  const known = new Map((await drafts.all()).filter((draft) => !draft.practice).map((draft) => [draft.assignment, draft]));
  for (const assignment of listed) {
    const { visit } = assignment;
    if (!visit) continue;
    const draft = known.get(assignment.code);
    if (!draft) await takeOver(assignment, visit);
    else if (serverId(draft) === visit.id) await follow(draft, assignment, visit);
  }
}

async function takeOver(assignment, { id, state }) {
  const goesOn = SUBMITTED.includes(state) && (await hasFollowUps(assignment.checklist));
  if (!['started', 'returned'].includes(state) && !goesOn) return;
  const row = await read(id);
  const draft = draftFrom(row, assignment);
  if (SUBMITTED.includes(row.state) && !openOnes(draft).length) return;
  // Begun on this phone while we asked: its PUT will meet the other one, and both are shown.
  if ((await drafts.all()).some((other) => other.assignment === assignment.code)) return;
  await drafts.adopt(draft);
}

async function follow(draft, assignment, { id, state }) {
  if (state === 'returned' && draft.state === 'received') {
    const row = await read(id);
    if (row.returned && row.returned.at !== draft.returned?.at) await drafts.update(draft.visit, (held) => reopen(held, row));
  } else if (SUBMITTED.includes(state) && draft.state === 'received' && draft.follow_ups === null && (await hasFollowUps(assignment.checklist))) {
    await noteFollowUps(draft.visit, await read(id));
  }
}

/** Read a visit of one's own as the server has it. */
export async function read(id, way = {}) {
  return (await call('GET', `/v1/visits/${id}`, way)).json;
}

/** Keep which items of a submitted visit may still be answered, and until when. */
export function noteFollowUps(visit, row, more) {
  return drafts.update(visit, (draft) => {
    draft.follow_ups = row.follow_ups ?? [];
  }, more);
}

/** Tell whether a checklist has items that may be answered after the submission. */
export async function hasFollowUps(which, session) {
  const kept = await get('checklist', drafts.checklistId(which), session);
  return JSON.stringify(kept?.document ?? null).includes('"follow_up_hours"');
}

function openOnes(draft) {
  const at = Date.now();
  return (draft.follow_ups ?? []).filter(({ item, open_until }) => Date.parse(open_until) > at && draft.answers[item]?.value == null);
}

/** Open a submitted draft for correction, as the reviewer asked. */
export function reopen(draft, row) {
  const untouched = (draft.held.changed ?? draft.changed) === draft.changed;
  if (untouched && row.revision > draft.held.revision) draft.answers = answersFrom(row.observations, draft.answers);
  draft.asked = row.returned.notes ?? [];
  draft.returned = { at: row.returned.at, reason: row.returned.reason };
  draft.receipts = [...(draft.receipts ?? []), draft.receipt].filter(Boolean);
  Object.assign(draft, { receipt: null, state: 'draft', wish: 'keep', told: false, correction: '', problem: null, outgoing: null });
  draft.held = heldFrom(row, draft.changed);
  return draft;
}

/** What the server was last known to hold, so that the next revision goes on from it. */
export function heldFrom(row, changed) {
  return { revision: row.revision, hash: row.content_hash, changed, observations: row.observations };
}

/** Make a draft of what the server holds. Its photos are there already, or on the phone that took them. */
export function draftFrom(row, assignment) {
  const received = SUBMITTED.includes(row.state);
  return {
    visit: row.visit, assignment: assignment.code, task: assignment, checklist: row.checklist, dealer: row.dealer, mode: row.mode, practice: false,
    started_at: row.started_at, ended_at: row.ended_at ?? null, locale: row.locale ?? 'zh',
    answers: answersFrom(row.observations, {}), correction: '',
    asked: row.state === 'returned' ? row.returned?.notes ?? [] : null,
    returned: row.state === 'returned' ? { at: row.returned.at, reason: row.returned.reason } : undefined,
    follow_ups: received ? row.follow_ups ?? [] : null,
    held: heldFrom(row, 0), outgoing: null, changed: 0, wish: 'keep', state: received ? 'received' : 'draft', problem: null, receipt: null,
    arrived: {}, retaken: [], changed_at: row.updated_at,
  };
}

/** Put the server's observations into the shape of a draft's answers, keeping what this phone knows of its photos. */
export function answersFrom(observations, known) {
  const photos = new Map(Object.values(known).flatMap((answer) => answer.photos ?? []).map((photo) => [photo.sha256, photo]));
  return Object.fromEntries(
    observations.map(({ item, value, comment, answered_at, photos: named, attachments }) => [
      item,
      {
        value, comment: comment ?? '', answered_at,
        photos: named.map((photo) => ({ source: 'server', bytes: 0, type: '', ...photos.get(photo.sha256), ...photo })),
        ...(attachments ? { attachments } : {}),
      },
    ]),
  );
}
