// Choosing: yes or no, five levels, one or several of a list. Big enough for a thumb, and a whole answer for a keyboard:
// arrows move and choose, as in any group of radio buttons.
import { h } from '../../core/dom.js';
import { icon } from '../../core/icons.js';
import { language, pick, t } from '../../core/words.js';

const NA = 'na';

/** The control of an item with one choice. Controls give {node, refresh}: refresh shows what is recorded now. */
export function single(item, sheet, names) {
  const choices = choicesOf(item);
  const layout = item.type === 'scale5' ? 'levels' : choices.length === 2 && choices.every(({ words }) => short(words)) ? 'two' : 'list';
  const buttons = choices.map(({ code, words, said }) => option('radio', code, words, said));
  const beside = layout === 'two' && item.type === 'yes_no';
  const na = item.allow_na && option('radio', NA, t(beside ? 'answer.na_short' : 'answer.na'), beside ? t('answer.na') : null, { 'data-act': 'na' });
  const all = na ? [...buttons, na] : buttons;
  const stored = (code) => (item.type === 'scale5' && code !== NA ? Number(code) : code);
  const refresh = () => {
    const { value } = sheet.entry(item.id);
    const at = all.findIndex((button) => button.dataset.value === String(value));
    all.forEach((button, index) => {
      mark(button, index === at);
      button.tabIndex = index === Math.max(at, 0) ? 0 : -1;
    });
  };
  const choose = (button) => {
    sheet.set(item.id, stored(button.dataset.value));
    refresh();
  };
  const group = h('div', { class: 'choices', role: 'radiogroup', ...names },
    h('div', { class: `options ${layout} ${na && beside ? 'three' : ''}` }, buttons, beside && na),
    layout === 'levels' && h('div', { class: 'ends small muted', 'aria-hidden': 'true' }, h('span', null, t('answer.lowest')), h('span', null, t('answer.highest'))),
    !beside && na);
  group.addEventListener('click', ({ target }) => {
    const button = target.closest('[role=radio]');
    if (button) choose(button);
  });
  group.addEventListener('keydown', (event) => {
    const at = all.indexOf(event.target);
    const to = at < 0 ? -1 : step(event.key, at, all.length);
    if (to < 0) return;
    event.preventDefault();
    all[to].focus();
    choose(all[to]);
  });
  refresh();
  return { node: group, refresh };
}

/** The control of an item where several may be ticked. Nothing of the list is an answer too, and has its own button. */
export function multi(item, sheet, names) {
  const buttons = item.options.map((one) => option('checkbox', one.code, pick(one)));
  const none = option('checkbox', '', t('answer.none_of_these'), null, { 'data-act': 'none' });
  const na = item.allow_na && option('checkbox', NA, t('answer.na'), null, { 'data-act': 'na' });
  const refresh = () => {
    const { value } = sheet.entry(item.id);
    const ticked = Array.isArray(value) ? value : [];
    for (const button of buttons) mark(button, ticked.includes(button.dataset.value));
    mark(none, Array.isArray(value) && !value.length);
    if (na) mark(na, value === NA);
  };
  const group = h('div', { class: 'choices', role: 'group', ...names }, h('div', { class: 'options list' }, buttons, none), na);
  group.addEventListener('click', ({ target }) => {
    const button = target.closest('[role=checkbox]');
    if (!button) return;
    const { value } = sheet.entry(item.id);
    sheet.set(item.id, toggled(button, value));
    refresh();
  });
  const toggled = (button, value) => {
    const was = button.getAttribute('aria-checked') === 'true';
    if (button === na) return was ? null : NA;
    if (button === none) return was ? null : [];
    const ticked = new Set(Array.isArray(value) ? value : []);
    if (was) ticked.delete(button.dataset.value);
    else ticked.add(button.dataset.value);
    // In the order of the list. The last tick taken away leaves the item open: "none" is said, never slipped into.
    return ticked.size ? item.options.map((one) => one.code).filter((code) => ticked.has(code)) : null;
  };
  refresh();
  return { node: group, refresh };
}

function choicesOf(item) {
  if (item.type === 'yes_no') return ['yes', 'no'].map((code) => ({ code, words: t(`answer.${code}`) }));
  if (item.type === 'scale5') {
    return [1, 2, 3, 4, 5].map((level) => ({ code: String(level), words: String(level), said: t('answer.level', { n: level }) }));
  }
  return item.options.map((one) => ({ code: one.code, words: pick(one) }));
}

function short(words) {
  return words.length <= (language() === 'zh' ? 6 : 12);
}

function option(role, code, words, said = null, more = {}) {
  return h('button', { type: 'button', role, class: `option ${role}`, 'data-value': code, 'aria-checked': 'false', 'aria-label': said, ...more },
    h('span', { class: 'tick', 'aria-hidden': 'true' }, icon('check')), h('span', { class: 'words' }, words));
}

function mark(button, on) {
  button.setAttribute('aria-checked', String(on));
}

/** Where a key leads in a group; -1 where it leads nowhere. */
function step(key, at, count) {
  if (key === 'ArrowDown' || key === 'ArrowRight') return (at + 1) % count;
  if (key === 'ArrowUp' || key === 'ArrowLeft') return (at + count - 1) % count;
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : -1;
}
