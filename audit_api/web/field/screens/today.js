// Today: what to do, what came back, what stays open, and what has not arrived yet.
import { act, announce, h } from '../core/dom.js';
import { on } from '../core/events.js';
import { isDiscreet, t } from '../core/words.js';
import { account } from '../core/vault.js';
import { current } from '../data/accounts.js';
import { cached, refresh } from '../data/assignments.js';
import { all } from '../data/drafts.js';
import { kick, status } from '../data/outbox.js';
import { estimate, unsentSince } from '../data/storage.js';
import { exportNow } from './exporting.js';
import { fault, moment, size, unlessLocked } from './parts.js';
import { groups, taskCard } from './tasks.js';
import { followUpCard, returnedCard, waitingCard } from './cards.js';

const DAY_MS = 86_400_000;
const OLD_MS = 60_000;
let asked = 0;
let asker = null; // whose tasks those were: the next one on this phone has others
let offs = [];
let drawn = null;

/** @param {{unknown?: string}} params */
export async function open({ unknown }) {
  const box = h('section', { class: 'stack' });
  drawn = box;
  await fill(box, unknown);
  const soon = later(() => box === drawn && box.isConnected && unlessLocked(fill(box)));
  offs.forEach((off) => off());
  offs = ['changed', 'outbox', 'storage', 'session'].map((name) => on(name, soon));
  if (asker !== account() || Date.now() - asked > OLD_MS) renew(box);
  return box;
}

export function close() {
  drawn = null;
  offs.forEach((off) => off());
  offs = [];
}

// Several changes in a row are drawn once.
function later(fn) {
  let planned = 0;
  return () => {
    planned ||= setTimeout(() => {
      planned = 0;
      fn();
    }, 150);
  };
}

async function renew(box) {
  try {
    const who = account();
    await refresh();
    [asked, asker] = [Date.now(), who];
  } catch (error) {
    const said = box.querySelector('[data-part="fresh"]');
    if (said) said.textContent = t('today.kept', { reason: fault(error) });
    return;
  }
  if (box.isConnected) await unlessLocked(fill(box));
}

async function fill(box, unknown) {
  const [{ assignments, checklists }, drafts, sending, room, since, person] = await Promise.all([cached(), all(), status(), estimate(), unsentSince(), current()]);
  if (!person) return; // locked while it was read
  const view = groups(assignments, checklists, drafts);
  const focused = document.activeElement?.closest?.('[data-act]')?.dataset.act;
  const inside = box.contains(document.activeElement);
  box.replaceChildren(...[
    h('h1', null, t('core.today')),
    unknown && h('p', { class: 'note' }, t('core.unknown_page')),
    h('div', { class: 'row apart' },
      h('p', { class: 'muted small grow', 'data-part': 'fresh' }, asked && asker === account() ? t('today.fresh', { at: moment(new Date(asked).toISOString()) }) : ''),
      act('refresh', t('today.refresh'), () => renew(box), { class: 'quiet' })),
    warnings(since, room),
    !person.settings.prepared && h('article', { class: 'card stack', 'data-part': 'prepare' },
      h('h2', null, t('today.prepare')), h('p', null, t('today.prepare_why')),
      h('a', { class: 'button wide', href: '#/first-use', 'data-act': 'first-use' }, t('today.prepare_go'))),
    view.unsent.length > 0 && waitingCard(view.unsent, sending, uploadNow),
    part(t('today.returned'), view.returned.map(returnedCard)),
    part(t('today.follow_ups'), view.followUps.map(followUpCard)),
    part(t('today.tasks'), view.open.map(taskCard), t(assignments.length ? 'today.none_left' : 'today.none')),
    view.done.length > 0 && h('details', null, h('summary', null, t('today.done', { n: view.done.length })), h('div', { class: 'stack' }, view.done.map(taskCard))),
    view.practice && part(t('today.practice'), [taskCard(view.practice)]),
  ].flat(Infinity).filter(Boolean));
  if (inside && focused) box.querySelector(`[data-act="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

function part(title, cards, empty = '') {
  if (!cards.length && !empty) return [];
  return [h('h2', null, title), cards.length ? cards : h('p', { class: 'muted' }, empty)];
}

function warnings(since, room) {
  const old = since && Date.now() - Date.parse(since) > DAY_MS;
  return [
    old && h('div', { class: 'note warn stack', 'data-part': 'old' },
      h('p', null, t('today.old', { at: moment(since) })), h('div', { class: 'row' }, act('export', t('core.export'), exportNow))),
    room.low && h('p', { class: 'note warn', 'data-part': 'low' }, t('today.low', { used: size(room.used), left: size(Math.max(0, room.quota - room.used)) })),
  ];
}

async function uploadNow() {
  await kick('now');
  announce(t(isDiscreet() ? 'today.syncing' : 'today.uploading'));
}
