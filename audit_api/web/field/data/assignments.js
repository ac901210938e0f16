// What there is to do, and the checklists for it: fetched when there is a network, kept sealed for when there is none.
import { call, Refused } from '../core/api.js';
import { emit } from '../core/events.js';
import { all, get, put, remove } from './records.js';
import * as returned from './returned.js';

const MOST_PAGES = 50;
let running = null;

/** The name under which a version of a checklist is kept. */
export function versionKey({ code, version }) {
  return `${code}:${version}`;
}

/**
 * Give what is kept: assignments in the order of their windows.
 * @returns {Promise<{assignments: any[], checklists: Object<string, any>}>} checklists by `CODE:version`
 */
export async function cached() {
  const [assignments, kept] = await Promise.all([all('assignment'), all('checklist')]);
  assignments.sort((a, b) => (a.window_from === b.window_from ? a.code.localeCompare(b.code) : a.window_from.localeCompare(b.window_from)));
  return { assignments, checklists: Object.fromEntries(kept.map((row) => [row.id, row.document])) };
}

/** Give one assignment as kept, or null. */
export async function assignmentOf(code) {
  return (await get('assignment', code)) ?? null;
}

/** Give a version of a checklist as kept, or null. @param {{code: string, version: number}} which */
export async function checklistOf(which) {
  return (await get('checklist', versionKey(which)))?.document ?? null;
}

/**
 * Fetch assignments, their checklists, and what came back or goes on of earlier visits. Runs once at a time.
 * What one answer lacks is left as it was: a list that breaks off takes nothing away.
 * @returns {Promise<void>} throws Offline or Refused where the list itself could not be had
 */
export function refresh() {
  running ??= fetchAll().finally(() => (running = null));
  return running;
}

async function fetchAll() {
  const listed = await pages('/v1/assignments');
  const wanted = new Map(listed.map((row) => [versionKey(row.checklist), row.checklist]));
  // Checklists first: an assignment that is shown can be begun in the basement.
  for (const which of wanted.values()) await fetchChecklist(which);
  const codes = new Set(listed.map((row) => row.code));
  for (const row of listed) await put('assignment', row.code, row);
  const begun = new Set((await all('visit')).map((draft) => draft.assignment));
  for (const row of await all('assignment')) {
    // What was taken back disappears, unless something has been written for it.
    if (!codes.has(row.code) && !row.practice && !begun.has(row.code)) await remove('assignment', row.code);
  }
  await returned.collect(listed);
  emit('changed', {});
}

async function pages(path) {
  const items = [];
  let after = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { json } = await call('GET', `${path}?limit=200${after ? `&after=${encodeURIComponent(after)}` : ''}`);
    items.push(...json.items);
    if (!json.next) return items;
    after = json.next;
  }
  return items;
}

/** A published version never changes; asking each time tells whether one may still read it. */
async function fetchChecklist(which) {
  const key = versionKey(which);
  const kept = await get('checklist', key);
  try {
    const headers = kept?.etag ? { 'If-None-Match': kept.etag } : {};
    const answer = await call('GET', `/v1/checklists/${encodeURIComponent(which.code)}/versions/${which.version}`, { headers });
    if (answer.status !== 304) await put('checklist', key, { id: key, etag: answer.headers.get('ETag'), document: answer.json });
  } catch (error) {
    // What is kept stays; an assignment without its checklist is shown, and cannot be begun yet.
    if (!(error instanceof Refused) || error.status === 401) throw error;
  }
}
