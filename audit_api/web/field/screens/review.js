// Before sending: everything that is missing, each with the way to it; what stays open; and sending, which needs no network.
import { act, announce, h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { now } from '../core/clock.js';
import { pick, t } from '../core/words.js';
import * as drafts from '../data/drafts.js';
import { kick } from '../data/outbox.js';
import { absent } from './answer.js';
import { tailWords, words } from './items/box.js';
import { momentWords } from './items/automatic.js';
import { missing, refusals, sentence, unasked } from './items/judgement.js';
import { owedWords } from './items/pictures.js';
import { sectionRoute } from './items/routes.js';
import { openSheet } from './items/sheet.js';
import { field } from './items/texts.js';

const MOST_AT_ONCE = 30; // of what is missing; nobody mends more before looking again
let shown = { node: null, off: () => {} };

/** @param {{visit: string}} params */
export async function open({ visit }) {
  const sheet = await openSheet(visit);
  if (!sheet) return absent();
  sheet.strict = true; // from now on the items themselves say what is unanswered
  const node = h('article', { class: 'review' });
  const draw = () => node.replaceChildren(...content(sheet, draw));
  draw();
  shown.off();
  shown = { node, off: sheet.listen(() => {
    // What is being written is not taken from under the finger.
    if (!node.contains(document.activeElement) || document.activeElement.tagName !== 'TEXTAREA') draw();
  }) };
  return node;
}

/** Stop listening; drawn again (after a change of language) the next is open before the last is closed. */
export function close() {
  if (shown.node?.isConnected) shown.off();
}

function content(sheet, draw) {
  const lacks = missing(sheet).filter(({ item }) => !sheet.isLocked(item.id));
  const { draft } = sheet;
  const photos = Object.values(draft.answers).reduce((sum, entry) => sum + entry.photos.length, 0);
  const extra = unasked(sheet);
  return [
    h('h1', null, t('review.title')),
    draft.practice && h('p', { class: 'note' }, t('review.practice')),
    draft.returned?.reason && h('div', { class: 'note warn' }, words(t('review.returned'), draft.returned.reason)),
    refusal(sheet),
    lacks.length
      ? h('h2', { class: 'row lacking' }, icon('owed'), h('span', null, lacks.length === 1 ? t('review.missing_one') : t('review.missing', { n: lacks.length })))
      : h('p', { class: 'note good row', 'data-complete': '' }, icon('check'), h('span', { class: 'grow' }, t('review.complete'))),
    groups(sheet, lacks),
    extra.length > 0 && correction(sheet, extra),
    ...tails(sheet),
    ...openOnes(sheet),
    h('dl', { class: 'facts' },
      fact('answered', t('answer.share', { done: sheet.done, asked: sheet.asked })), fact('photos', String(photos)),
      fact('started', momentWords(draft.started_at)), fact('ended', draft.ended_at ? momentWords(draft.ended_at) : t('review.ended_not'))),
    !sheet.isSubmitted && ending(sheet, draw),
    ...sending(sheet, lacks, extra),
  ].filter(Boolean);
}

const fact = (name, value) => [h('dt', null, t(`review.${name}`)), h('dd', null, value)];

function groups(sheet, lacks, most = MOST_AT_ONCE) {
  const found = new Map();
  for (const row of lacks.slice(0, most)) found.set(row.section, [...(found.get(row.section) ?? []), row]);
  const node = h('div', null, [...found].map(([section, rows]) => h('section', { class: 'stack lack' }, h('h3', null, pick(section.title)),
    h('ul', { class: 'plain stack' }, rows.map(({ item, problems }) => h('li', null, jump(sheet, item, problems.map((problem) => problemWords(sheet, item, problem)))))))));
  if (lacks.length > most) {
    node.append(act('more', t('review.more', { n: lacks.length - most }), () => node.replaceWith(groups(sheet, lacks, lacks.length)), { class: 'wide' }));
  }
  return node;
}

function jump(sheet, item, lines) {
  return h('a', { class: 'card jump row', 'data-act': 'jump', 'data-missing': item.id, href: sectionRoute(sheet.visit, sheet.items.get(item.id).section.code, item.id) },
    h('span', { class: 'grow' }, h('strong', null, pick(item.text)), lines.map((line) => h('span', { class: 'small block' }, line))), icon('next'));
}

function problemWords(sheet, item, problem) {
  if (problem.code === 'required') return t('review.unanswered');
  if (problem.code !== 'photos_missing') return sentence(problem);
  const { needed, given } = sheet.standing.get(item.id);
  const of = pick(item.evidence.of);
  return owedWords(needed, given) + (of ? t('pic.of', { of }) : '');
}

// What the server said when it last refused: of the whole, and of items.
function refusal(sheet) {
  const { problem } = sheet.draft;
  if (!problem) return null;
  const told = [...refusals(sheet)];
  return h('div', { class: 'note bad stack', 'data-refused': '' }, h('strong', null, t('review.refused')),
    h('p', { class: 'kept' }, problem.detail || pick(problem.title) || ''),
    told.map(([id, said]) => jump(sheet, sheet.items.get(id).item, [pick(said)])));
}

function correction(sheet, extra) {
  const written = field({ 'data-part': 'correction', id: 'correction', 'aria-describedby': 'correction-why' }, {
    read: () => sheet.draft.correction ?? '',
    write: (text) => (sheet.draft.correction = text),
    leave: () => drafts.edit(sheet.visit, (draft) => {
      if (draft.correction === written.area.value) return false;
      draft.correction = written.area.value;
    }),
  });
  return h('section', { class: 'stack' }, h('h2', null, h('label', { for: 'correction' }, t('review.correction'))),
    h('p', { id: 'correction-why' }, t('review.correction_why', { n: extra.length })),
    h('ul', null, extra.map((id) => h('li', null, pick(sheet.items.get(id).item.text)))), written.area);
}

function tails(sheet) {
  const open = sheet.sections.flatMap(({ items }) => items).filter((item) => item.follow_up_hours && !sheet.settled.has(item.id) && (!sheet.isSubmitted || sheet.tail(item.id)));
  return open.length ? [h('h2', null, t('review.tails')), h('ul', { class: 'plain stack' }, open.map((item) => h('li', null, jump(sheet, item, [tailWords(item, sheet)]))))] : [];
}

function openOnes(sheet) {
  const open = sheet.sections.flatMap(({ items }) => items).filter((item) => !item.required && !sheet.settled.has(item.id) && !item.follow_up_hours);
  if (!open.length) return [];
  const list = h('ul', { class: 'plain stack' });
  const fill = ({ target }) => target.open && list.replaceChildren(...open.map((item) => h('li', null, jump(sheet, item, []))));
  return [h('details', { ontoggle: fill }, h('summary', null, `${t('review.open')} (${open.length})`), list)];
}

// The visit ends when one leaves, not when one presses Send at home in the evening.
function ending(sheet, draw) {
  const set = (ended) => act(ended ? 'end' : 'not-ended', t(ended ? 'review.end_now' : 'review.end_again'), async () => {
    await sheet.change((draft) => (draft.ended_at = ended ? now() : null), { counts: true });
    draw();
  }, { class: 'wide' });
  return set(!sheet.draft.ended_at);
}

function sending(sheet, lacks, extra) {
  const { draft } = sheet;
  if (draft.state === 'received') return [];
  if (draft.state === 'conflict') {
    return [h('p', { class: 'note bad' }, t('review.conflict')), h('a', { class: 'button primary wide', 'data-act': 'conflict', href: `#/conflict/${sheet.visit}` }, t('review.conflict_see'))];
  }
  if (['waiting', 'sending'].includes(draft.state)) {
    return [h('p', { class: 'note' }, t('review.on_its_way')), h('a', { class: 'button wide', 'data-act': 'outbox', href: '#/outbox' }, t('review.outbox'))];
  }
  const said = h('p', { role: 'alert', class: 'refusal' });
  const send = act('send', t(draft.practice ? 'review.practice_end' : 'review.send'), async () => {
    await sheet.flush();
    if (lacks.length) {
      const [{ section, item }] = lacks;
      announce(t('review.send_blocked'));
      location.hash = sectionRoute(sheet.visit, section.code, item.id);
      return;
    }
    const reason = document.getElementById('correction');
    if (extra.length && !reason?.value.trim()) {
      said.textContent = t('review.correction');
      reason?.focus();
      return;
    }
    if (reason) await drafts.edit(sheet.visit, (one) => { one.correction = reason.value; });
    await drafts.finish(sheet.visit);
    kick('send'); // not awaited: it goes on by itself
    location.hash = draft.practice ? '#/today' : '#/outbox';
  }, { class: 'primary' });
  return [said, !draft.practice && h('p', { class: 'small muted' }, t('review.offline_ok')), h('div', { class: 'bottom' }, send)];
}
