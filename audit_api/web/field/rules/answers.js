// Answers against the types of their items, before anything is sent: the verdicts and words of the server.
// Mirrors audit_api/domain/answers.py.
import { characters, itemsOf, keptWith, NOT_APPLICABLE, WORDED } from './items.js';
import { readMoment } from './moments.js';

export const LONGEST_TEXT = 1_000;
export const LONGEST_NARRATIVE = 20_000;
export const LONGEST_COMMENT = 4_000;
export const MOST_PHOTOS = 50;
const MOST_PROBLEMS = 200;
const MOST_MINUTES = 100_000;
const DATUMS = ['WGS-84', 'GCJ-02', 'BD-09'];
const FIX = ['lat', 'lon', 'accuracy_m', 'fixed_at'];
// With the flag u a surrogate is found only where it stands alone.
const UNPRINTABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]/u;
const PHOTO_NAME = /^[A-Za-z0-9._-]{1,64}$/;

const fault = (code, zh, en) => ({ code, zh, en });
const UNKNOWN = fault('unknown_item', '本检查表没有此题；请按所用版本作答', 'this checklist version has no such item: answer the version named');
const NO_NA = fault('na_not_allowed', '本题不能选不适用；请作答', 'this item does not offer N/A: answer it');
const wrongType = (zh, en) => fault('wrong_type', `答案应为${zh}`, `the answer must be ${en}`);

const compiled = new WeakMap();

/**
 * Give what is wrong with answers and comments, empty when nothing is. null is unanswered; whether a required answer
 * is missing is `standings`' matter.
 * @param {object} checklist
 * @param {Object<string, any>} answers stored value by item
 * @param {Object<string, string>} [comments]
 * @returns {{item: string, code: string, zh: string, en: string}[]}
 */
export function checkAnswers(checklist, answers, comments = {}) {
  const checks = keptWith(compiled, checklist, checksOf);
  const found = [];
  const look = (id, value, check) => {
    if (found.length >= MOST_PROBLEMS) return;
    const wrong = checks.has(id) ? (value === null || value === undefined ? null : check(value)) : UNKNOWN;
    if (wrong) found.push({ item: nameOf(id), ...wrong });
  };
  for (const [id, value] of Object.entries(answers)) look(id, value, checks.get(id));
  for (const [id, text] of Object.entries(comments ?? {})) {
    if (text !== null && text !== undefined) look(id, text, (value) => worded(value, LONGEST_COMMENT));
  }
  return found;
}

/** Give what is wrong with one answer, null when nothing is: for a screen that shows it beside the field. */
export function checkAnswer(checklist, id, value) {
  return checkAnswers(checklist, { [id]: value })[0] ?? null;
}

function nameOf(id) {
  return Array.from(id.replace(new RegExp(UNPRINTABLE, 'gu'), '?')).slice(0, 60).join('');
}

function checksOf(checklist) {
  return new Map(itemsOf(checklist).map((item) => [item.id, withNa(item, CHECKS[item.type](item))]));
}

function withNa(item, check) {
  if (item.allow_na) return (value) => (value === NOT_APPLICABLE ? null : check(value));
  if (WORDED.has(item.type)) return check;
  return (value) => (value === NOT_APPLICABLE ? NO_NA : check(value));
}

function closed(codes) {
  const known = new Set(codes);
  const unknown = fault('unknown_option', `没有这个选项；可选：${codes.join('、')}`, `no such option: choose ${codes.join(', ')}`);
  const wrong = wrongType('选项编号（文字）', 'an option code (text)');
  return (value) => {
    if (typeof value !== 'string') return wrong;
    return known.has(value) ? null : unknown;
  };
}

function multi(item) {
  const one = closed(item.options.map((option) => option.code));
  return (value) => {
    if (!Array.isArray(value)) return wrongType('选项编号的列表', 'a list of option codes');
    const head = value.slice(0, 100);
    for (const code of head) {
      const wrong = one(code);
      if (wrong) return wrong;
    }
    if (new Set(head).size === value.length) return null;
    return fault('repeated', '同一选项出现两次；每个只选一次', 'an option is ticked twice: name each once');
  };
}

function scale(value) {
  // From 1e21 on a number is written with an exponent, and no whole number to the server.
  if (!Number.isInteger(value) || Math.abs(value) >= 1e21) return wrongType('1 至 5 的整数', 'a whole number from 1 to 5');
  if (value >= 1 && value <= 5) return null;
  return fault('out_of_range', '答案应在 1 至 5 之间', 'the answer must lie between 1 and 5');
}

/** Give the lowest and highest value a number item accepts; only a percentage can be negative. */
export function bounds(item) {
  if (item.type === 'duration_min') return [0, MOST_MINUTES];
  return item.unit === 'percent' ? [-100, 10_000] : [0, 1_000_000];
}

function number(item) {
  const [low, high] = bounds(item);
  const halves = item.type === 'duration_min';
  return (value) => {
    const wrong = finite(value, low, high);
    if (wrong || !halves || Number.isInteger(value * 2)) return wrong;
    return fault('bad_step', '分钟数以 0.5 为单位', 'minutes go in steps of 0.5');
  };
}

function finite(value, low, high, name = '') {
  const [zh, en] = name ? [`${name} `, name] : ['答案', 'the answer'];
  if (typeof value !== 'number') return fault('wrong_type', `${zh}应为数字`, `${en} must be a number`);
  if (!Number.isFinite(value)) return fault('out_of_range', `${zh}应为有限的数字`, `${en} must be a finite number`);
  if (value >= low && value <= high) return null;
  return fault('out_of_range', `${zh}应在 ${low} 与 ${high} 之间`, `${en} must lie between ${low} and ${high}`);
}

function worded(value, longest) {
  if (typeof value !== 'string') return wrongType('文字', 'text');
  if (value.length > longest) {
    const count = characters(value);
    if (count > longest) return fault('too_long', `最多 ${longest} 个字符，现有 ${count} 个`, `at most ${longest} characters, there are ${count}`);
  }
  return UNPRINTABLE.test(value) ? fault('unprintable', '含有不可见的控制字符；请删除', 'holds an unprintable character: remove it') : null;
}

function photos(value) {
  const named = Array.isArray(value) && value.slice(0, 100).every((name) => typeof name === 'string' && PHOTO_NAME.test(name));
  if (!named) return wrongType('照片编号的列表', 'a list of photo names');
  return value.length > MOST_PHOTOS ? fault('too_long', `最多 ${MOST_PHOTOS} 张照片`, `at most ${MOST_PHOTOS} photos`) : null;
}

function position(value) {
  const wrong = wrongType(' {lat, lon, accuracy_m, fixed_at, datum?}', '{lat, lon, accuracy_m, fixed_at, datum?}');
  if (typeof value !== 'object' || Array.isArray(value) || !FIX.every((name) => Object.hasOwn(value, name))) return wrong;
  if (Object.keys(value).some((name) => name !== 'datum' && !FIX.includes(name))) return wrong;
  if (Object.hasOwn(value, 'datum') && !DATUMS.includes(value.datum)) return wrong;
  return finite(value.lat, -90, 90, 'lat')
    ?? finite(value.lon, -180, 180, 'lon')
    ?? finite(value.accuracy_m, 0, 1_000_000, 'accuracy_m')
    ?? moment(value.fixed_at, 'fixed_at');
}

function moment(value, name = '') {
  const [zh, en] = name ? [name, name] : ['答案', 'the answer'];
  const read = typeof value === 'string' && characters(value) <= 40 ? readMoment(value) : null;
  if (!read?.zoned) return fault('wrong_type', `${zh}应为带时区的 ISO 8601 时间`, `${en} must be an ISO 8601 time with its offset`);
  if (read.year >= 2000 && read.year < 2100) return null;
  return fault('out_of_range', `${zh}应在 2000 至 2099 年之间`, `${en} must lie in the years 2000 to 2099`);
}

const CHECKS = {
  yes_no: () => closed(['yes', 'no']),
  scale5: () => scale,
  single: (item) => closed(item.options.map((option) => option.code)),
  multi,
  number,
  duration_min: number,
  text: () => (value) => worded(value, LONGEST_TEXT),
  narrative: () => (value) => worded(value, LONGEST_NARRATIVE),
  photo: () => photos,
  auto_gps: () => position,
  auto_time: () => (value) => moment(value),
};
