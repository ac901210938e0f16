// One assignment: where, when, what story, what to know; then it begins.
import { act, h } from '../core/dom.js';
import { chooseDiscreet } from '../core/look.js';
import { isDiscreet, pick, t } from '../core/words.js';
import { setSetting } from '../data/accounts.js';
import { cached, refresh } from '../data/assignments.js';
import { all, checklistOf, start } from '../data/drafts.js';
import { badge, folded, moment, placeOf, windowOf, zoneOf } from './parts.js';
import { waysTo } from './places.js';
import { groups, progressLine, stateBadge } from './tasks.js';

/** @param {{code: string}} params */
export async function open({ code }) {
  const row = (await find(code)) ?? (await fetched(code));
  if (!row) return h('section', { class: 'stack' }, h('h1', null, t('briefing.gone')), h('p', null, t('briefing.gone_why')), h('a', { class: 'button', href: '#/today' }, t('core.today')));
  if (row.draft && !row.checklist) row.checklist = await checklistOf(row.draft);
  const { task, draft, checklist } = row;
  return h(
    'section', { class: 'stack', 'data-assignment': code },
    h('h1', null, task.practice ? t('today.practice_title') : placeOf(task.dealer)),
    h('div', { class: 'row' }, stateBadge(row), !isDiscreet() && !task.practice && badge(t(`mode.${task.mode}`))),
    task.practice ? h('p', { class: 'note' }, t('briefing.practice')) : facts(task),
    !task.practice && waysTo(task.dealer),
    reading(task, checklist),
    draft && row.state !== 'received' && checklist && progressLine(row),
    draft?.receipt && h('a', { class: 'button wide', href: `#/receipt/${draft.visit}`, 'data-act': 'receipt' }, t('receipt.show')),
    row.state === 'conflict' && h('a', { class: 'button danger wide', href: `#/conflict/${draft.visit}`, 'data-act': 'conflict' }, t('outbox.decide')),
    remarks(row),
    h('div', { class: 'bottom' }, wayOn(row)),
  );
}

async function find(code) {
  const [{ assignments, checklists }, drafts] = await Promise.all([cached(), all()]);
  const view = groups(assignments, checklists, drafts);
  return [...view.open, ...view.returned, ...view.done, ...view.followUps, view.practice].find((one) => one?.task.code === code);
}

// Just assigned, perhaps: opened from a message before the list was fetched.
async function fetched(code) {
  try {
    await refresh();
  } catch {
    return null; // no network: then it is not on this phone
  }
  return find(code);
}

function facts({ dealer, window_from, window_to, checklist, code }) {
  const rows = [
    [t('briefing.window'), [windowOf({ window_from, window_to, dealer }), zoneOf(dealer?.timezone) && h('div', { class: 'muted small' }, zoneOf(dealer.timezone))]],
    [t('briefing.until'), Date.parse(window_to) > Date.now() ? left(window_to) : t('state.missed')],
    !isDiscreet() && [t('briefing.city'), dealer?.city],
    [t('briefing.code'), `${dealer?.code ?? ''} · ${code}`],
    !isDiscreet() && [t('briefing.checklist'), `${checklist.code} · ${t('briefing.version', { n: checklist.version })}`],
  ];
  return h('dl', { class: 'facts' }, rows.filter((row) => row && row[1]).map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
}

function left(until) {
  const hours = Math.floor((Date.parse(until) - Date.now()) / 3_600_000);
  return hours < 48 ? t('briefing.hours', { n: hours }) : t('briefing.days', { n: Math.floor(hours / 24) });
}

// In discreet mode this is not on the page until a touch asks for it.
function reading({ scenario, briefing }, checklist) {
  const texts = [
    [t('briefing.scenario'), scenario], [t('briefing.briefing'), briefing], [t('briefing.notes'), pick(checklist?.auditor_notes)],
  ].filter(([, text]) => text);
  if (!texts.length) return '';
  const made = () => texts.map(([title, text]) => [h('h2', null, title), h('p', { class: 'kept' }, text)]);
  return isDiscreet() ? folded(t('briefing.read'), made) : h('div', null, made());
}

function wayOn({ task, draft, checklist, state }) {
  if (draft && (state !== 'received' || draft.follow_ups?.length)) {
    return h('a', { class: 'button primary wide', href: `#/visit/${draft.visit}`, 'data-act': 'continue' }, t(state === 'draft' ? 'briefing.continue' : 'briefing.open'));
  }
  if (state === 'received') return h('p', { class: 'note good' }, draft?.receipt ? t('briefing.done', { at: moment(draft.receipt.server_time) }) : t('briefing.done_elsewhere'));
  if (!checklist) return h('p', { class: 'note warn' }, t('briefing.no_checklist'));
  return act('start', t('briefing.start'), () => begin(task, checklist), { class: 'primary wide' });
}

// What to know before pressing Start.
function remarks({ task, draft, checklist, state }) {
  if (draft || !checklist || state === 'received') return '';
  const early = Date.parse(task.window_from) > Date.now();
  const late = state === 'missed';
  return [
    (early || late) && h('p', { class: 'note warn' }, t(early ? 'briefing.early' : 'briefing.late', { at: moment(early ? task.window_from : task.window_to, task.dealer?.timezone) })),
    task.mode === 'covert' && !isDiscreet() && h('p', { class: 'muted small' }, t('briefing.discreet')),
  ];
}

async function begin(task, checklist) {
  // From the door on nothing may tell what this is.
  if (task.mode === 'covert' && !task.practice && !isDiscreet()) {
    await setSetting('discreet', true);
    chooseDiscreet(true);
  }
  const draft = await start(task, checklist);
  location.replace(`#/visit/${draft.visit}`);
}
