// What waits to be sent, photo by photo, and why something does not go. "On the server" is said only with a receipt.
import { act, announce, h } from '../core/dom.js';
import { on } from '../core/events.js';
import { isDiscreet, t } from '../core/words.js';
import { current, setSetting } from '../data/accounts.js';
import { cached } from '../data/assignments.js';
import { all } from '../data/drafts.js';
import { kick, pause, resume, retry, status } from '../data/outbox.js';
import { inWords } from '../data/problems.js';
import { exportNow } from './exporting.js';
import { badge, folded, moment, placeOf, size, unlessLocked } from './parts.js';
import { photoLine } from './cards.js';

let offs = [];
const unfolded = new Set();

export async function open() {
  const box = h('section', { class: 'stack' });
  await fill(box);
  offs.forEach((off) => off());
  let planned = 0;
  const soon = () => {
    planned ||= setTimeout(() => {
      planned = 0;
      if (box.isConnected) unlessLocked(fill(box));
    }, 200);
  };
  offs = ['outbox', 'changed', 'session'].map((name) => on(name, soon));
  return box;
}

export function close() {
  offs.forEach((off) => off());
  offs = [];
}

async function fill(box) {
  const [sending, { assignments }, drafts, person] = await Promise.all([status(), cached(), all(), current()]);
  if (!person) return;
  const places = new Map([...drafts.map((draft) => [draft.assignment, draft.task?.dealer]), ...assignments.map((task) => [task.code, task.dealer])]);
  // What needs somebody stands first, what is done last.
  const shown = sending.visits.filter(({ state }) => state !== 'draft').sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const waiting = shown.filter(({ state }) => state === 'waiting' || state === 'sending');
  const began = sending.visits.filter(({ state }) => state === 'draft');
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.act : '';
  box.replaceChildren(...[
    h('h1', null, t('outbox.title')),
    sending.why && h('p', { class: `note ${sending.why === 'login' ? 'bad' : 'warn'}`, 'data-why': sending.why }, t(`outbox.why_${sending.why}`)),
    !sending.why && !sending.online && waiting.length > 0 && h('p', { class: 'note warn', 'data-why': 'no_answer' }, t('outbox.no_answer')),
    h('div', { class: 'row' },
      waiting.length > 0 && act('upload-now', t('today.upload_now'), () => kick('now').then(() => announce(t('today.uploading'))), { class: 'primary grow' }),
      sending.paused ? act('resume', t('outbox.resume'), resume, { class: 'grow' }) : act('pause', t('outbox.pause'), pause, { class: 'grow' })),
    h('label', { class: 'choice card' }, h('input', {
      type: 'checkbox', role: 'switch', 'data-act': 'wifi-only', checked: Boolean(person.settings.wifi_only),
      onchange: ({ target }) => setSetting('wifi_only', target.checked).then(() => kick('timer')).then(() => fill(box)),
    }), h('span', null, t('outbox.wifi_only'))),
    !shown.length && h('p', { class: 'muted' }, t('outbox.nothing')),
    shown.map((visit) => visitCard(visit, places.get(visit.assignment))),
    began.length > 0 && h('p', { class: 'muted small' }, t('outbox.drafts', { n: began.length })),
    h('div', { class: 'row' }, act('export', t('core.export'), exportNow, { class: 'quiet' })),
  ].flat(Infinity).filter(Boolean));
  if (focused) box.querySelector(`[data-act="${focused}"]`)?.focus({ preventScroll: true });
}

const ORDER = ['failed', 'conflict', 'sending', 'waiting', 'received'];
const KINDS = { received: 'good', failed: 'bad', conflict: 'bad' };

function visitCard(visit, dealer) {
  const { state, problem, photos } = visit;
  return h(
    'article', { class: 'card stack', 'data-visit': visit.visit, 'data-state': state },
    h('div', { class: 'row apart' }, h('h2', { class: 'grow flush' }, placeOf(dealer) || visit.assignment, h('span', { class: 'muted small code' }, ` ${visit.assignment}`)), badge(t(`state.${state}`), KINDS[state] ?? 'warn')),
    state === 'received' ? h('p', null, t('outbox.on_server', { at: moment(visit.receipt?.server_time) })) : photoLine(visit),
    visit.next_try_at && state === 'waiting' && h('p', { class: 'muted small' }, t('outbox.next_try', { at: clock(visit.next_try_at) })),
    problem && problemPart(visit, inWords(problem)),
    photos.length > 0 && state !== 'received' && h('details', {
      open: unfolded.has(visit.visit), ontoggle: ({ target }) => unfolded[target.open ? 'add' : 'delete'](visit.visit),
    }, h('summary', null, t('outbox.each', { n: photos.length })), h('ol', { class: 'photos' }, photos.map(photoRow))),
    h('div', { class: 'row' },
      state === 'failed' && h('a', { class: 'button primary grow', href: `#/visit/${visit.visit}`, 'data-act': 'mend' }, t('outbox.mend')),
      state === 'failed' && act('retry', t('core.retry'), () => retry(visit.visit), { class: 'grow' }),
      state === 'conflict' && h('a', { class: 'button primary grow', href: `#/conflict/${visit.visit}`, 'data-act': 'conflict' }, t('outbox.decide')),
      state === 'received' && visit.receipt && h('a', { class: 'button grow', href: `#/receipt/${visit.visit}`, 'data-act': 'receipt' }, t('receipt.show'))),
  );
}

function problemPart({ visit, state }, { title, detail, items }) {
  const said = () => [
    h('p', null, h('strong', null, title)), detail && detail !== title && h('p', null, detail),
    items.length > 0 && h('ul', null, items.map(({ item, text }) => h('li', null,
      item ? h('a', { href: `#/visit/${visit}/all?item=${encodeURIComponent(item)}`, 'data-act': 'jump' }, item) : '', item ? ': ' : '', text))),
  ];
  return h(
    'div', { class: `note ${state === 'received' ? 'warn' : 'bad'}`, 'data-part': 'problem' },
    // The server's own words may tell what this is.
    isDiscreet() ? folded(t('outbox.why'), said) : said(), h('p', { class: 'small' }, t('outbox.safe')),
  );
}

function photoRow({ sent, total, state }, at) {
  const words = `${t('outbox.photo', { n: at + 1 })} · ${t(`photo_state.${state}`)}${state === 'sending' && total ? ` ${Math.floor((100 * sent) / total)} %` : ''}${total ? ` · ${size(total)}` : ''}`;
  return h('li', { class: 'small number', 'data-state': state }, words, state === 'sending' && total > 0 && h('progress', { max: total, value: sent, 'aria-label': words }));
}

function clock(iso) {
  return new Date(iso).toTimeString().slice(0, 8);
}
