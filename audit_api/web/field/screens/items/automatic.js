// What the phone records by itself at a touch: the time, and the place with how sure it is.
import { act, announce, h } from '../../core/dom.js';
import { now } from '../../core/clock.js';
import { icon } from '../../core/icons.js';
import { language, t } from '../../core/words.js';
import { naButton } from './not_applicable.js';
import { locate } from './position.js';

const POOR_METRES = 100;

/** A moment in words, to the second where it is a record. */
export function momentWords(text, { seconds = false } = {}) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const style = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false, ...(seconds ? { second: '2-digit' } : {}) };
  return new Intl.DateTimeFormat(language() === 'zh' ? 'zh-CN' : 'en-GB', style).format(date);
}

/** The control of an item that records the time. A time once recorded is replaced only after a second question. */
export function time(item, sheet, names) {
  const shown = h('p', { class: 'recorded number' });
  const record = () => {
    sheet.set(item.id, now());
    ask.hidden = true;
    refresh();
    announce(shown.textContent);
  };
  const press = act('now', [icon('timer'), h('span', null, t('answer.now'))], () => {
    if (!sheet.entry(item.id).value) return record();
    ask.hidden = false;
    ask.querySelector('button').focus();
  }, { class: 'wide' });
  const ask = h('div', { class: 'note stack', hidden: true }, h('p', null, t('answer.replace_time')), h('div', { class: 'pair' },
    act('replace', t('answer.replace'), () => { record(); press.focus(); }),
    act('keep', t('answer.keep'), () => { ask.hidden = true; press.focus(); }, { class: 'primary' })));
  const na = naButton(item, sheet, () => refresh());
  const refresh = () => {
    const { value } = sheet.entry(item.id);
    const has = typeof value === 'string' && value && value !== 'na';
    shown.hidden = !has;
    if (has) shown.replaceChildren(icon('check'), h('span', null, momentWords(value, { seconds: true })));
    press.lastChild.textContent = t(has ? 'answer.now_again' : 'answer.now');
    na?.refresh();
  };
  refresh();
  return { node: h('div', { class: 'stack', role: 'group', ...names }, shown, press, ask, na?.node), refresh };
}

/** The control of an item that records the position. */
export function position(item, sheet, names) {
  const shown = h('p', { class: 'recorded number' });
  const said = h('p', { class: 'note', hidden: true, role: 'status' });
  let search = null;
  const say = (words, kind = '') => {
    said.className = `note ${kind}`;
    said.textContent = words;
    said.hidden = !words;
  };
  const enough = act('fix-enough', t('answer.fix_enough'), () => search?.abort(), { class: 'wide', hidden: true });
  const press = act('fix', [icon('pin'), h('span', null, t('answer.fix'))], async () => {
    search = new AbortController();
    say(t('answer.fix_searching'));
    const slow = setTimeout(() => say(t('answer.fix_slow'), 'warn'), 6000);
    const onFix = (fix) => {
      clearTimeout(slow);
      enough.hidden = false;
      say(t('answer.fix_so_far', { n: Math.round(fix.accuracy_m) }));
    };
    try {
      const fix = await locate({ onFix, signal: search.signal });
      sheet.set(item.id, fix);
      say(fix.accuracy_m > POOR_METRES ? t('answer.fix_poor', { n: Math.round(fix.accuracy_m) }) : '', 'warn');
      announce(t('answer.fix_got', { n: Math.round(fix.accuracy_m) }));
    } catch (error) {
      say(t(`answer.fix_${error.reason ?? 'unavailable'}`), 'bad');
    } finally {
      clearTimeout(slow);
      enough.hidden = true;
      refresh();
    }
  }, { class: 'wide' });
  const na = naButton(item, sheet, () => refresh());
  const refresh = () => {
    const { value } = sheet.entry(item.id);
    const has = value && typeof value === 'object';
    shown.hidden = !has;
    if (has) {
      shown.replaceChildren(icon('check'), h('span', null,
        t('answer.fix_shown', { lat: value.lat.toFixed(5), lon: value.lon.toFixed(5), n: Math.round(value.accuracy_m), at: momentWords(value.fixed_at) })));
    }
    press.lastChild.textContent = t(has ? 'answer.fix_again' : 'answer.fix');
    na?.refresh();
  };
  refresh();
  return { node: h('div', { class: 'stack', role: 'group', ...names }, shown, press, enough, said, na?.node), refresh, close: () => search?.abort() };
}
