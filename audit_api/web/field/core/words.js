// Words for people. Both languages of an entry stand side by side, so that a missing one is seen where it is missing.

const entries = {};
let current = 'zh';
let discreet = false;

/** Add entries: {'area.key': {zh, en, discreet?: {zh, en}}}. */
export function add(dictionary) {
  Object.assign(entries, dictionary);
}

/** Give the words of a key in the present language, `{n}` filled from vars; the key itself where it is unknown. */
export function t(key, vars = {}) {
  const entry = entries[key];
  if (!entry) return key;
  const words = (discreet && entry.discreet) || entry;
  return words[current].replace(/\{(\w+)\}/g, (whole, name) => (name in vars ? String(vars[name]) : whole));
}

/** Choose from {zh, en}; what lacks one gives the other. */
export function pick(words) {
  return words ? words[current] || words.zh || words.en || '' : '';
}

/** @returns {'zh'|'en'} */
export function language() {
  return current;
}

/** Switch the language; the screens are drawn again by whoever listens to `language`. */
export function setLanguage(wanted) {
  current = wanted === 'en' ? 'en' : 'zh';
  document.documentElement.lang = current === 'zh' ? 'zh-CN' : 'en';
}

/** The language of the phone. */
export function phoneLanguage() {
  return (navigator.languages ?? [navigator.language]).some((tag, at) => at === 0 && !/^zh/i.test(tag)) ? 'en' : 'zh';
}

/** In discreet mode no word tells what this is. */
export function setDiscreet(on) {
  discreet = Boolean(on);
}

/** @returns {boolean} */
export function isDiscreet() {
  return discreet;
}

/** Every entry, for tests. */
export function dictionary() {
  return entries;
}
