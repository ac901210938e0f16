// The bar above every screen: back, what waits to be sent, language, settings; in discreet mode the quick screen.
import { act, h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { chooseLanguage } from '../core/look.js';
import { isDiscreet, language, t } from '../core/words.js';
import { back } from './router.js';

const WITHOUT = new Set(['lock', 'quick', 'insecure']);
const TWICE_MS = 400;
let tapped = 0;

/**
 * @param {string} screen the one that is shown
 * @param {{open: boolean, status: any, update: null|(() => any)}} state
 */
export function drawBar(screen, { open, status, update }) {
  const bar = document.getElementById('bar');
  if (WITHOUT.has(screen)) {
    bar.replaceChildren();
    return;
  }
  const focused = bar.contains(document.activeElement) ? document.activeElement.dataset.act : '';
  bar.setAttribute('aria-label', t('core.bar'));
  bar.replaceChildren(...parts(screen, open, status, update).flat(Infinity).filter(Boolean));
  bar.onclick = twice;
  if (focused) bar.querySelector(`[data-act="${focused}"]`)?.focus({ preventScroll: true });
}

function parts(screen, open, status, update) {
  const tongue = language() === 'zh' ? 'en' : 'zh';
  return [
    open && screen !== 'today' && act('back', icon('back'), back, { 'aria-label': t('core.back') }),
    // Beside Back there is room for a bare place to tap, not for the name.
    h('span', { class: 'title' }, !open || screen === 'today' ? t('core.name') : ''),
    open && status && stateLink(status),
    act('language', t('core.language'), () => chooseLanguage(tongue), { lang: tongue === 'zh' ? 'zh-CN' : 'en' }),
    open && isDiscreet() && act('quick', icon('notes'), () => (location.hash = '#/quick'), { 'aria-label': t('core.quick') }),
    open && h('a', { class: 'button', href: '#/settings', 'data-act': 'settings', 'aria-label': t('core.settings') }, icon('gear')),
    open && status?.needs_login && screen !== 'sign_in' && h('div', { class: 'banner note warn row apart' },
      h('span', { class: 'grow' }, t('bar.login')),
      h('a', { class: 'button', href: '#/sign-in?again=1', 'data-act': 'sign-in-again' }, t('bar.sign_in'))),
    open && update && h('div', { class: 'banner note row apart' },
      h('span', { class: 'grow' }, t('bar.update')), act('update', t('bar.update_now'), update)),
  ];
}

/** In one word and number what has not arrived yet; a touch leads to all of it. */
export function summary(status) {
  const count = (...states) => status.visits.filter(({ state }) => states.includes(state)).length;
  const stuck = count('failed', 'conflict');
  const sending = count('sending');
  const waiting = count('waiting') + sending;
  if (stuck) return { key: 'problem', n: stuck, kind: 'bad' };
  if (waiting && status.paused) return { key: 'paused', n: waiting, kind: 'warn' };
  if (waiting && !status.online) return { key: 'offline', n: waiting, kind: 'warn' };
  if (sending) return { key: 'sending', n: sending, kind: '' };
  if (waiting) return { key: 'waiting', n: waiting, kind: 'warn' };
  return { key: count('received') ? 'all' : 'none', n: 0, kind: count('received') ? 'good' : '' };
}

function stateLink(status) {
  const { key, n, kind } = summary(status);
  return h('a', { class: `button state ${kind}`, href: '#/outbox', 'data-act': 'outbox', 'data-state': key }, t(`bar.${key}`, { n }));
}

// Two taps on the bare bar open the quick screen: quicker than finding a button when somebody comes near.
function twice({ target, timeStamp }) {
  if (target.closest('button, a') || !isDiscreet()) return;
  if (timeStamp - tapped < TWICE_MS) location.hash = '#/quick';
  tapped = timeStamp;
}
