// Numbers with their unit, and minutes with a timer that goes on while the page is closed.
import { act, announce, h } from '../../core/dom.js';
import { stamp } from '../../core/clock.js';
import { icon } from '../../core/icons.js';
import { t } from '../../core/words.js';
import { naButton } from './not_applicable.js';

const HALF_MINUTE = 30_000;

/** Read what was typed: full-width digits, a decimal comma and a thousands comma included; NaN where it is no number. */
export function numberFrom(text) {
  const plain = text.normalize('NFKC').replace(/[\s_]/g, '').replace(/[。、]/g, '.').replace(/[−–—－]/g, '-');
  const single = /^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(plain) ? plain.replaceAll(',', '') : plain.replace(',', '.');
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(single) ? Number(single) : NaN;
}

/** The control of a number. */
export function number(item, sheet, names) {
  const stepBy = item.type === 'duration_min' ? 0.5 : 1;
  const unit = item.type === 'duration_min' ? 'minute' : item.unit;
  const unitId = `${item.id}-unit`;
  const labelled = { ...names, 'aria-labelledby': `${names['aria-labelledby']} ${unitId}` };
  const input = h('input', {
    type: 'text', inputmode: 'decimal', autocomplete: 'off', enterkeyhint: 'done', 'data-part': 'number', maxlength: 20, ...labelled,
  });
  const take = () => {
    const text = input.value.trim();
    const value = text ? numberFrom(text) : null;
    if (Number.isNaN(value)) sheet.unread.set(item.id, input.value);
    else sheet.unread.delete(item.id);
    sheet.set(item.id, Number.isNaN(value) ? null : value, { typing: true });
  };
  input.addEventListener('input', take);
  input.addEventListener('blur', () => sheet.flush());
  const by = (delta) => {
    const { value } = sheet.entry(item.id);
    const from = typeof value === 'number' ? value : 0;
    const low = item.unit === 'percent' ? -100 : 0;
    const to = value === null && delta > 0 && stepBy === 1 ? 1 : Math.max(low, Math.round((from + delta) * 1000) / 1000);
    sheet.unread.delete(item.id);
    sheet.set(item.id, to);
    refresh();
    announce(`${to} ${unitWords(unit)}`);
  };
  const na = naButton(item, sheet, () => refresh());
  const clock = item.type === 'duration_min' ? timer(item, sheet, () => refresh()) : null;
  const refresh = () => {
    const { value } = sheet.entry(item.id);
    const text = sheet.unread.get(item.id) ?? (typeof value === 'number' ? String(value) : '');
    // What is under the finger stays as typed ("2.", "007") while it means the same.
    if (document.activeElement !== input || numberFrom(input.value) !== value) if (input.value !== text) input.value = text;
    na?.refresh();
    clock?.refresh();
  };
  const node = h('div', { class: 'numbers' },
    h('div', { class: 'stepper' },
      act('less', '−', () => by(-stepBy), { 'aria-label': t('answer.less'), class: 'step' }),
      input,
      act('more', '+', () => by(stepBy), { 'aria-label': t('answer.more'), class: 'step' }),
      h('span', { class: 'unit', id: unitId }, unitWords(unit))),
    clock?.node, na?.node);
  refresh();
  return { node, refresh, tick: clock?.tick, close: clock?.close };
}

/** A unit in words; one that this app does not know is shown as the checklist has it. */
export function unitWords(unit) {
  const words = t(`unit.${unit}`);
  return !unit ? '' : words === `unit.${unit}` ? unit : words;
}

/** Milliseconds a timer has run; a clock set back in between takes nothing away. */
export function ran({ since = null, spent = 0 } = {}, at = stamp()) {
  return spent + (since === null ? 0 : Math.max(0, at - since));
}

/** Minutes and seconds, hours where there are any. */
export function clockFace(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(seconds % 60)}`;
}

// The moment it was started stands in the draft: reloading, locking or losing the page does not stop it.
function timer(item, sheet, shown) {
  const face = h('span', { class: 'face number', role: 'timer', 'aria-live': 'off' });
  const words = h('span', null);
  const state = () => sheet.draft.timers?.[item.id] ?? { since: null, spent: 0 };
  const press = async () => {
    const at = stamp();
    const { since } = state();
    if (since === null) {
      await sheet.change((draft) => {
        const timers = (draft.timers ??= {});
        timers[item.id] = { since: at, spent: timers[item.id]?.spent ?? 0 };
      });
    } else {
      const spent = ran(state(), at);
      await sheet.change((draft) => ((draft.timers ??= {})[item.id] = { since: null, spent }));
      sheet.unread.delete(item.id);
      sheet.set(item.id, Math.round(spent / HALF_MINUTE) / 2);
      announce(t('answer.timed', { n: Math.round(spent / HALF_MINUTE) / 2 }));
    }
    shown();
  };
  const button = act('timer', [icon('timer'), words, face], press, { class: 'timer' });
  const restart = act('timer-reset', t('answer.timer_reset'), async () => {
    await sheet.change((draft) => delete (draft.timers ?? {})[item.id]);
    button.focus();
    shown();
  }, { class: 'quiet' });
  const tick = () => {
    const now = state();
    const text = now.since === null && !now.spent ? '' : clockFace(ran(now));
    if (face.textContent !== text) face.textContent = text;
  };
  const refresh = () => {
    const { since, spent } = state();
    words.textContent = t(since !== null ? 'answer.timer_stop' : spent ? 'answer.timer_on' : 'answer.timer_start');
    button.setAttribute('aria-pressed', String(since !== null));
    restart.hidden = since !== null || !spent;
    tick();
  };
  const every = setInterval(tick, 1000);
  return { node: h('div', { class: 'row timing' }, button, restart), refresh, tick, close: () => clearInterval(every) };
}
