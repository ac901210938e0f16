// What one answer to one item means: answered, not applicable, adverse, and whether it failed.
// Mirrors audit_api/domain/item_rules.py; tests/browser/test_rules.py holds the two together.

/** Stored value of "not applicable", for every type that offers it. */
export const NOT_APPLICABLE = 'na';
export const WORDED = new Set(['text', 'narrative']);
export const ORDERED = new Set(['scale5', 'number', 'duration_min']);

// The server's idea of white space, which is not trim()'s: U+001C to U+001F and U+0085 are, U+FEFF is none.
const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const BLANK = new RegExp(`^${SPACE}*$`);
const LEADING = new RegExp(`^${SPACE}+`);
const SPACES = new RegExp(SPACE);

/** Tell whether a text holds nothing but white space. */
export function isBlank(text) {
  return BLANK.test(text);
}

/** Give a text without the white space around it. */
export function stripped(text) {
  let end = text.length;
  while (end > 0 && SPACES.test(text[end - 1])) end -= 1;
  return text.slice(0, end).replace(LEADING, '');
}

/** Count characters as the server does: an emoji is one, though JavaScript holds it as two. */
export function characters(text) {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      count -= 1;
      at += 1;
    }
  }
  return count;
}

/** Tell whether two plain values are equal to the server, to which true is 1 and no list equals a word. */
export function same(one, other) {
  const [a, b] = [plain(one), plain(other)];
  return typeof a !== 'object' && a === b || a === null && b === null;
}

function plain(value) {
  if (typeof value === 'boolean') return Number(value);
  return value === undefined ? null : value;
}

/** Compare two values; what has no order is never below or above. */
export function compare(op, one, other) {
  if (op === 'eq') return same(one, other);
  if (op === 'ne') return !same(one, other);
  const [a, b] = [plain(one), plain(other)];
  if (typeof a === 'string' && typeof b === 'string') return ordered(op, byCharacter(a, b), 0);
  return typeof a === 'number' && typeof b === 'number' && ordered(op, a, b);
}

function ordered(op, a, b) {
  if (op === 'lt') return a < b;
  if (op === 'lte') return a <= b;
  return op === 'gt' ? a > b : a >= b;
}

function byCharacter(a, b) {
  const [first, second] = [Array.from(a), Array.from(b)];
  for (let at = 0; at < Math.min(first.length, second.length); at += 1) {
    const step = first[at].codePointAt(0) - second[at].codePointAt(0);
    if (step) return step;
  }
  return first.length - second.length;
}

/** Tell whether a value means N/A; in a text that offers none, "na" is just what somebody wrote. */
export function isNotApplicable(item, value) {
  return value === NOT_APPLICABLE && (item.allow_na || !WORDED.has(item.type));
}

/** Tell whether a value is an answer: neither missing, blank nor N/A. Nothing ticked is an answer. */
export function isAnswered(item, value) {
  if (value === null || value === undefined || isNotApplicable(item, value)) return false;
  if (item.type === 'photo') return isSomething(value);
  return !(typeof value === 'string' && isBlank(value));
}

function isSomething(value) {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

/** Tell whether an integrity item was answered adversely; an item that only opens the next never is. */
export function isAdverse(item, value) {
  const adverse = item.integrity?.adverse;
  if (adverse === undefined || adverse === 'context' || !isAnswered(item, value)) return false;
  if (Array.isArray(adverse)) {
    const given = Array.isArray(value) ? value : [value];
    return given.some((one) => adverse.some((listed) => same(one, listed)));
  }
  return compare(adverse.op, value, adverse.value);
}

/**
 * Tell whether an answer scores below a limit. What it scores stays in here: whoever watches the figure while
 * answering would steer by it.
 * @returns {boolean} false where the answer has no score or is none
 */
export function isFailed(item, value, below) {
  const score = item.weight && isAnswered(item, value) ? scoreOf(item, value) : null;
  return score !== null && score < below;
}

/** Tell whether an answer counts: one whose option has no score does not. */
export function isScored(item, value) {
  return isAnswered(item, value) && scoreOf(item, value) !== null;
}

function scoreOf(item, value) {
  if (item.type === 'yes_no') return value === 'yes' || value === 'no' ? (value === (item.pass_on || 'yes') ? 100 : 0) : null;
  if (item.type === 'scale5') return [1, 2, 3, 4, 5].includes(value) ? (value - 1) * 25 : null;
  if (item.type === 'single') return item.options.find((option) => option.code === value)?.score ?? null;
  if (item.type === 'multi') return capped(item, value);
  return typeof value === 'number' && item.bands ? banded(item, value) : null;
}

function capped(item, ticked) {
  if (!Array.isArray(ticked)) return null;
  let sum = 0;
  for (const code of ticked) {
    const option = item.options.find((one) => one.code === code);
    if (!option) return null;
    sum += option.score ?? 0;
  }
  return Math.min(100, sum);
}

/** By the first band whose end is not below the value; the last has no end. */
function banded(item, value) {
  return (item.bands.find((band) => band.up_to === null || value <= band.up_to) ?? null)?.score ?? null;
}

/**
 * Give what is made of a checklist once and kept with it: a published version never changes.
 * @template T
 * @param {WeakMap<object, T>} kept
 * @param {object} checklist
 * @param {(checklist: object) => T} build
 * @returns {T}
 */
export function keptWith(kept, checklist, build) {
  let made = kept.get(checklist);
  if (made === undefined) {
    made = build(checklist);
    kept.set(checklist, made);
  }
  return made;
}

const flat = new WeakMap();
const named = new WeakMap();

/** All items in the order they are asked. */
export function itemsOf(checklist) {
  return keptWith(flat, checklist, () => checklist.sections.flatMap((section) => section.items));
}

/** Items by id. */
export function itemsById(checklist) {
  return keptWith(named, checklist, () => new Map(itemsOf(checklist).map((item) => [item.id, item])));
}
