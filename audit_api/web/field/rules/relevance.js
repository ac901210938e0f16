// Which items of a checklist are shown, given the answers so far (`show_if`).
// Mirrors audit_api/domain/relevance.py.
import { compare, isAnswered, itemsById, itemsOf, keptWith, ORDERED, same } from './items.js';

const compiled = new WeakMap();

/**
 * Give the ids of the items shown, in the order of the checklist. A condition is false when the item it refers to is
 * hidden, N/A or unanswered; values that cannot be compared are passed over.
 * @param {object} checklist document of GET /v1/checklists/{code}/versions/{version}
 * @param {Object<string, any>} answers stored value by item
 * @returns {Set<string>}
 */
export function visibleItems(checklist, answers) {
  const shown = new Set();
  for (const [id, test] of keptWith(compiled, checklist, tests)) {
    if (test === null || test(answers, shown)) shown.add(id);
  }
  return shown;
}

/** Give the items a condition refers to. */
export function itemsIn(condition) {
  if (!condition) return [];
  const parts = condition.all ?? condition.any;
  return parts ? parts.flatMap(itemsIn) : [condition.item];
}

function tests(checklist) {
  return itemsOf(checklist).map((item) => [item.id, item.show_if ? testOf(item.show_if, itemsById(checklist)) : null]);
}

function testOf(condition, items) {
  const joined = condition.all ?? condition.any;
  if (!joined) return comparison(condition, items.get(condition.item));
  const parts = joined.map((part) => testOf(part, items));
  return condition.all
    ? (answers, shown) => parts.every((part) => part(answers, shown))
    : (answers, shown) => parts.some((part) => part(answers, shown));
}

function comparison(condition, item) {
  const holds = holdsOf(condition, item);
  return (answers, shown) => {
    if (!shown.has(item.id)) return false;
    const value = answers[item.id];
    return isAnswered(item, value) && holds(value);
  };
}

/** On a multi item eq means exactly these ticked, in means one of these ticked. */
function holdsOf({ op, value: wanted = null }, item) {
  if (op === 'answered') return () => true;
  const listed = Array.isArray(wanted) ? wanted : [wanted];
  const isListed = (value) => listed.some((one) => same(one, value));
  if (item.type === 'multi') {
    const exact = op === 'eq' || op === 'ne';
    const negated = op === 'ne' || op === 'not_in';
    return (value) => {
      const ticked = members(value);
      if (ticked === null) return false;
      const met = exact
        ? ticked.every(isListed) && listed.every((one) => ticked.some((other) => same(one, other)))
        : ticked.some(isListed);
      return met !== negated;
    };
  }
  if (op === 'in' || op === 'not_in') return (value) => isListed(value) === (op === 'in');
  if (ORDERED.has(item.type)) {
    return (value) => typeof value !== 'string' && typeof value !== 'boolean' && compare(op, value, wanted);
  }
  return (value) => compare(op, value, wanted);
}

/** What the server finds in a value it takes for a list of codes; null: nothing that could be compared. */
function members(value) {
  if (typeof value === 'string') return Array.from(value);
  if (typeof value !== 'object') return null;
  const found = Array.isArray(value) ? value : Object.keys(value);
  return found.some((one) => typeof one === 'object' && one !== null) ? null : found;
}
