// The cards of Today that are about what was begun: waiting to be sent, sent back, still open.
import { act, h } from '../core/dom.js';
import { isDiscreet, pick, t } from '../core/words.js';
import { itemsById } from '../rules/index.js';
import { badge, folded, moment, placeOf } from './parts.js';
import { stateBadge } from './tasks.js';

/** What waits to be sent, how far it is, and the button. */
export function waitingCard(rows, sending, uploadNow) {
  const known = new Map(sending.visits.map((one) => [one.visit, one]));
  return h(
    'article', { class: 'card stack', 'data-part': 'waiting' },
    h('h2', null, t('today.waiting', { n: rows.length })),
    rows.map((row) => {
      const { draft, task } = row;
      return h('div', { 'data-visit': draft.visit }, h('div', { class: 'row apart' }, h('span', { class: 'grow' }, placeOf(task.dealer) || draft.assignment), stateBadge(row)),
        photoLine(known.get(draft.visit)));
    }),
    h('div', { class: 'row' }, act('upload-now', t('today.upload_now'), uploadNow, { class: 'primary grow' }),
      h('a', { class: 'button grow', href: '#/outbox', 'data-act': 'outbox-details' }, t('today.outbox'))),
  );
}

/** How many photos of a visit have arrived, and how much of the present one. */
export function photoLine(known) {
  if (!known?.photos?.length) return '';
  const { photos } = known;
  const arrived = photos.filter(({ state }) => state === 'there').length;
  const share = photos.reduce((sum, { sent = 0, total = 0, state }) => sum + (state === 'there' ? 1 : total ? sent / total : 0), 0);
  const words = t('outbox.photos', { done: arrived, all: photos.length });
  return h('div', null, h('p', { class: 'small muted number' }, words), h('progress', { max: photos.length, value: share, 'aria-label': words }));
}

/** A report that was sent back: why, and what to look at again. */
export function returnedCard({ task, draft, checklist }) {
  const items = checklist ? itemsById(checklist) : new Map();
  return h(
    'article', { class: 'card stack', 'data-part': 'returned', 'data-visit': draft.visit },
    h('div', { class: 'row apart' }, h('h3', { class: 'grow' }, placeOf(task.dealer)), badge(t('state.returned'), 'warn')),
    isDiscreet() ? folded(t('briefing.read'), () => remarks(draft, items)) : remarks(draft, items),
    h('a', { class: 'button primary wide', href: `#/visit/${draft.visit}`, 'data-act': 'mend' }, t('today.mend')),
  );
}

// A reviewer's own words may tell anything.
function remarks({ returned, asked }, items) {
  return [
    returned?.reason && h('p', { class: 'kept' }, returned.reason),
    asked.length > 0 && h('ul', null, asked.map(({ item, note }) => h('li', null, h('strong', null, `${pick(items.get(item)?.text) || item}: `), h('span', { class: 'kept' }, note)))),
  ];
}

/** What may still be answered after the submission, and until when. */
export function followUpCard({ task, draft, checklist, open }) {
  const items = itemsById(checklist);
  const soonest = [...open].sort((a, b) => new Date(a.open_until) - new Date(b.open_until))[0];
  return h(
    'article', { class: 'card stack', 'data-part': 'follow-up', 'data-visit': draft.visit },
    h('div', { class: 'row apart' }, h('h3', { class: 'grow' }, placeOf(task.dealer)), badge(t('today.until', { at: moment(soonest.open_until, task.dealer?.timezone) }), 'warn')),
    isDiscreet() ? h('p', null, t('today.open_items', { n: open.length })) : h('ul', null, open.map(({ item, open_until: until }) => h('li', null,
      pick(items.get(item)?.text) || item, h('span', { class: 'muted small' }, ` · ${t('today.until', { at: moment(until, task.dealer?.timezone) })}`)))),
    h('a', { class: 'button wide', href: `#/visit/${draft.visit}`, 'data-act': 'follow-up' }, t('today.answer')),
  );
}
