// What a returned report changes, held against what the reviewer asked for.
// Mirrors `changed_items` and `not_asked` of audit_api/domain/visit_versions.py.
import { itemsOf } from './items.js';
import { answersOf } from './observed.js';
import { visibleItems } from './relevance.js';

/** @typedef {{item: string, value?: any, comment?: string|null, photos?: {sha256: string}[], attachments?: {sha256: string}[]}} Observation */

/**
 * Give the items of which answer, comment, photos or attachments differ; when an answer was given is no difference.
 * @param {Observation[]} before
 * @param {Observation[]} after
 * @returns {Set<string>}
 */
export function changedItems(before, after) {
  const [old, fresh] = [before, after].map((rows) => new Map(rows.map((row) => [row.item, row])));
  const differs = (item) => !alike(content(old.get(item)), content(fresh.get(item)));
  return new Set([...old.keys(), ...fresh.keys()].filter(differs));
}

/**
 * Give the items that changed though nobody asked, in the order of the checklist; all are asked if none is. An item
 * that a change shows or hides follows from that change.
 * @param {object} checklist
 * @param {string[]} asked
 * @param {Observation[]} before as it was submitted
 * @param {Observation[]} after as it would be sent
 */
export function notAsked(checklist, asked, before, after) {
  if (!asked.length) return [];
  const changed = changedItems(before, after);
  const [old, fresh] = [before, after].map((rows) => visibleItems(checklist, answersOf(checklist, Object.fromEntries(rows.map((row) => [row.item, row])))));
  const stayed = ({ id }) => old.has(id) === fresh.has(id);
  return itemsOf(checklist).filter((item) => changed.has(item.id) && !asked.includes(item.id) && stayed(item)).map(({ id }) => id);
}

function content(row) {
  const hashes = (named) => (named ?? []).map(({ sha256 }) => sha256);
  return [row?.value ?? null, row?.comment || null, hashes(row?.photos), hashes(row?.attachments)];
}

/** Equal whatever the order of keys: what comes back from the server has another. */
function alike(one, other) {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  return Array.isArray(one) === Array.isArray(other) && names.length === others.length
    && names.every((name) => Object.hasOwn(other, name) && alike(one[name], other[name]));
}
