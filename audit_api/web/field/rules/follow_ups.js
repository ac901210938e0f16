// Late follow-up items: watched for hours or days after the visit, open after its submission.
// Mirrors audit_api/domain/follow_ups.py.
import { isSettled } from './coverage.js';
import { itemsById, itemsOf } from './items.js';
import { itemsIn, visibleItems } from './relevance.js';

/** Hours the server gives beyond the watch by default (AUDIT_FOLLOW_UP_GRACE_HOURS). */
export const GRACE_HOURS = 24;
const HOUR = 3_600_000;

/** Give the items that may follow later. */
export function marked(checklist) {
  return itemsOf(checklist).filter((item) => item.follow_up_hours);
}

/** Give when the window of an item ends: the watch, and the grace for reporting its last hour; milliseconds. */
export function openUntil(item, endedAt, graceHours = GRACE_HOURS) {
  return endedAt + (item.follow_up_hours + graceHours) * HOUR;
}

/**
 * Give the follow-ups that a submission at a moment leaves open: marked items without an answer whose window is open,
 * of hidden items those that the answer to another follow-up may show. Times in milliseconds.
 * @param {object} checklist
 * @param {Object<string, any>} answers
 * @param {number} endedAt
 * @param {number} at
 * @param {number} [graceHours]
 * @returns {{item: string, open_until: number}[]}
 */
export function beginFollowUps(checklist, answers, endedAt, at, graceHours = GRACE_HOURS) {
  const shown = visibleItems(checklist, answers);
  const found = new Map();
  for (const item of marked(checklist)) {
    const until = openUntil(item, endedAt, graceHours);
    const asked = shown.has(item.id) || itemsIn(item.show_if).some((name) => found.has(name));
    if (asked && at < until && !isSettled(item, answers[item.id])) found.set(item.id, { item: item.id, open_until: until });
  }
  return [...found.values()];
}

/**
 * Give the follow-ups that are asked and not answered; at a moment: those whose window is still open.
 * @param {object} checklist
 * @param {{item: string, open_until: number|string}[]} followUps open_until in milliseconds or ISO 8601
 * @param {Object<string, any>} answers
 * @param {number|null} [at]
 */
export function outstanding(checklist, followUps, answers, at = null) {
  const shown = visibleItems(checklist, answers);
  const items = itemsById(checklist);
  return followUps.filter(({ item, open_until: until }) => shown.has(item)
    && !isSettled(items.get(item), answers[item])
    && (at === null || at < new Date(until).getTime()));
}
