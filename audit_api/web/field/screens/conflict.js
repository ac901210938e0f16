// The same visit was written twice. Both versions are kept by the server; here the auditor sees what differs and says
// which one goes on.
import { act, announce, h } from '../core/dom.js';
import { pick, t } from '../core/words.js';
import { canKeepMine, keepMine, takeTheirs } from '../data/conflicts.js';
import { checklistOf, load } from '../data/drafts.js';
import { kick } from '../data/outbox.js';
import { answersOf, itemsOf } from '../rules/index.js';
import { moment } from './parts.js';
import { saidOf } from './values.js';

/** @param {{visit: string}} params */
export async function open({ visit }) {
  const draft = await load(visit);
  if (!draft?.conflict) return h('section', { class: 'stack' }, h('h1', null, t('conflict.none')), h('p', null, t('conflict.none_why')), h('a', { class: 'button', href: '#/today' }, t('core.today')));
  const checklist = await checklistOf(draft);
  const { theirs, locked } = draft.conflict;
  const differing = differences(checklist, draft, theirs);
  return h(
    'section', { class: 'stack' },
    h('h1', null, t('conflict.title')),
    h('p', null, t(locked ? 'conflict.why_locked' : 'conflict.why')),
    h('dl', { class: 'facts' },
      h('dt', null, t('conflict.mine')), h('dd', null, t('conflict.changed', { at: moment(draft.changed_at) })),
      h('dt', null, t('conflict.theirs')), h('dd', null, t('conflict.received', { at: moment(theirs.updated_at ?? theirs.received_at) }))),
    h('h2', null, t('conflict.differs', { n: differing.length })),
    differing.length === 0 && h('p', null, t('conflict.same')),
    differing.map(({ item, mine, other }) => h('article', { class: 'card', 'data-differs': item.id },
      h('h3', null, pick(item.text)), h('div', { class: 'pair' }, side(t('conflict.mine'), item, mine), side(t('conflict.theirs'), item, other)))),
    h('p', { class: 'note' }, t('conflict.safe')),
    h('div', { class: 'bottom' },
      canKeepMine(draft) && act('keep-mine', t('conflict.keep_mine'), () => decide(keepMine, visit), { class: 'primary' }),
      act('take-theirs', t('conflict.take_theirs'), () => decide(takeTheirs, visit), canKeepMine(draft) ? {} : { class: 'primary' })),
  );
}

async function decide(how, visit) {
  const draft = await how(visit);
  announce(t('conflict.decided'));
  if (draft?.state === 'waiting') await kick('send');
  location.replace(draft?.state === 'draft' ? `#/visit/${visit}` : '#/outbox');
}

function differences(checklist, draft, theirs) {
  const others = Object.fromEntries(theirs.observations.map((one) => [one.item, one]));
  const [mine, other] = [answersOf(checklist, draft.answers), answersOf(checklist, others)];
  const whole = (answer, value) => ({ value: value ?? null, comment: answer?.comment ?? '', photos: answer?.photos ?? [] });
  const key = ({ value, comment, photos }) => JSON.stringify([value, comment ?? '', photos.map(({ sha256 }) => sha256).sort()]);
  return itemsOf(checklist)
    .map((item) => ({ item, mine: whole(draft.answers[item.id], mine[item.id]), other: whole(others[item.id], other[item.id]) }))
    .filter((one) => key(one.mine) !== key(one.other));
}

function side(title, item, { value, comment, photos }) {
  return h(
    'div', null, h('p', { class: 'muted small flush' }, title), h('p', { class: 'kept flush' }, saidOf(item, value)),
    comment && h('p', { class: 'kept small flush' }, `“${comment}”`),
    photos.length > 0 && h('p', { class: 'small flush' }, t('conflict.photos', { n: photos.length })),
  );
}
