// One item: what is asked, how to answer it, what belongs to the answer, and what is still missing of it.
import { act, h } from '../../core/dom.js';
import { icon } from '../../core/icons.js';
import { isDiscreet, language, pick, t } from '../../core/words.js';
import { folded } from '../parts.js';
import { momentWords, position, time } from './automatic.js';
import { multi, single } from './choices.js';
import { problemsOf, refusals, sentence } from './judgement.js';
import { number } from './numbers.js';
import { pictures } from './pictures.js';
import { field, text } from './texts.js';
import { naButton } from './not_applicable.js';
import { voiceButton } from './voice.js';

const CHOICES = new Set(['yes_no', 'scale5', 'single', 'multi']);
const CONTROLS = {
  yes_no: single, scale5: single, single, multi, number, duration_min: number, text, narrative: text, auto_time: time, auto_gps: position,
  photo: (item, sheet) => {
    const na = naButton(item, sheet, () => na.refresh());
    return { node: na?.node ?? null, refresh: () => na?.refresh() };
  },
};
// Said where they are to be mended: at the photos and at the note.
const ELSEWHERE = new Set(['photos_missing', 'comment_adverse', 'comment_critical', 'comment_distance']);
const LATER = new Set(['required', 'too_short']);

/**
 * Make the box of an item.
 * @returns {{id: string, node: HTMLElement, update: (changed?: Set<string>) => void, close: () => void}}
 */
export function box(item, sheet, numberShown) {
  const { id } = item;
  const ids = { title: `${id}-t`, problems: `${id}-p`, help: `${id}-h`, note: `${id}-n` };
  const names = { 'aria-labelledby': ids.title, 'aria-describedby': ids.problems };
  const control = CONTROLS[item.type](item, sheet, names);
  const photo = pictures(item, sheet);
  const note = noteOf(item, sheet, ids);
  const problems = h('ul', { class: 'problems plain', id: ids.problems });
  const sign = h('span', { class: 'sign', 'aria-hidden': 'true' });
  const said = h('span', { class: 'unseen' });
  const told = h('div', { class: 'stack' });
  const clear = CHOICES.has(item.type) && act('clear', icon('undo'), () => {
    sheet.set(id, null);
    control.refresh();
    node.querySelector('[role=radio], [role=checkbox]')?.focus();
  }, { class: 'quiet clear', 'aria-label': t('answer.clear'), title: t('answer.clear') });
  const help = h('div', { class: 'help', id: ids.help, hidden: true }, h('p', { class: 'kept' }, pick(item.guidance)));
  const asks = act('help', '', () => {
    help.hidden = !help.hidden;
    asks.setAttribute('aria-expanded', String(!help.hidden));
  }, { class: 'ask', 'aria-expanded': 'false', 'aria-controls': ids.help, 'aria-label': t('answer.help', { item: pick(item.text) }) });
  const answering = h('fieldset', { class: 'answering' }, control.node, photo.owed, photo.list, photo.said, note.node,
    h('div', { class: 'tools row' }, photo.camera, photo.gallery, note.open, clear));
  const node = h('section', { class: 'item card', 'data-item': id, 'aria-labelledby': ids.title },
    h('div', { class: 'head' }, h('h3', { id: ids.title, tabIndex: -1 }, h('span', { class: 'no number', 'aria-hidden': 'true' }, numberShown), pick(item.text),
      !item.required && h('span', { class: 'badge' }, t('answer.optional')), sign, said), pick(item.guidance) && asks),
    help, told, problems, answering);

  let drawn = '';
  const update = (changed) => {
    if (changed?.has(id)) {
      control.refresh();
      note.refresh();
    }
    const shown = sheet.shown.has(id);
    const found = problemsOf(sheet, id);
    const locked = sheet.isLocked(id);
    const { value, photos } = sheet.entry(id);
    const state = JSON.stringify([
      shown, found, locked, sheet.strict, sheet.settled.has(id), value === null, sheet.standing.get(id), photos, sheet.draft.problem, sheet.draft.asked,
      sheet.draft.follow_ups, photos.map(({ sha256 }) => sheet.repeats.get(sha256)), sheet.draft.ended_at, sheet.draft.timers?.[id], language(),
    ]);
    if (state === drawn) return;
    drawn = state;
    node.hidden = !shown;
    answering.disabled = locked;
    if (item.type === 'duration_min') control.refresh();
    photo.refresh();
    note.demand(found.find((problem) => problem.code.startsWith('comment_')));
    const listed = found.filter(({ code }) => !ELSEWHERE.has(code) && (sheet.strict || !LATER.has(code)));
    problems.replaceChildren(...listed.map((problem) => h('li', { class: 'refusal', 'data-problem': problem.code }, sentence(problem))));
    const invalid = found.some(({ code }) => !ELSEWHERE.has(code) && !LATER.has(code));
    for (const input of node.querySelectorAll('[data-part=number], [data-part=text]')) {
      if (invalid) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    }
    if (clear) clear.hidden = value === null;
    const standing = found.some(({ code }) => !LATER.has(code)) ? 'owed' : sheet.settled.has(id) && !found.length ? 'done' : 'open';
    if (node.dataset.state !== standing) {
      node.dataset.state = standing;
      sign.replaceChildren(...(standing === 'open' ? [] : [icon(standing === 'done' ? 'check' : 'owed')]));
      said.textContent = ` (${t(`answer.state_${standing}`)})`;
    }
    told.replaceChildren(...remarks(item, sheet));
  };
  update();
  return { id, node, update, close: () => control.close?.() };
}

/** What others say of the item: the reviewer's note, the server's refusal, until when a follow-up is open. */
function remarks(item, sheet) {
  const { draft } = sheet;
  const found = (draft.asked ?? []).filter((row) => row.item === item.id).map((row) => h('div', { class: 'note warn', 'data-asked': '' }, words(t('answer.asked'), row.note)));
  const refused = refusals(sheet).get(item.id);
  if (refused) found.push(h('div', { class: 'note bad', 'data-refused': '' }, words(t('answer.refused'), pick(refused))));
  if (item.follow_up_hours) found.push(h('p', { class: 'note', 'data-tail': '' }, tailWords(item, sheet)));
  return found;
}

/** Somebody else's words under their title; in discreet mode they are there only when asked for, since they may tell anything. */
export function words(title, text) {
  const said = () => h('p', { class: 'kept' }, text);
  return isDiscreet() ? folded(title, said) : [h('strong', null, title), said()];
}

/** Until when a follow-up item may still be answered, in words. */
export function tailWords(item, sheet) {
  const tail = sheet.tail(item.id);
  if (!tail && sheet.draft.state === 'received') return t('answer.tail_closed');
  if (tail?.open_until) {
    return t(Date.parse(tail.open_until) < Date.now() ? 'answer.tail_over' : 'answer.tail_until', { at: momentWords(tail.open_until) });
  }
  const hours = item.follow_up_hours;
  return hours % 24 ? t('answer.tail_hours', { n: hours }) : hours > 72 ? t('answer.tail_days', { n: hours / 24 }) : t('answer.tail_hours', { n: hours });
}

// The note of an item: folded until it is wanted or demanded.
function noteOf(item, sheet, ids) {
  const demand = h('p', { class: 'owed', id: `${ids.note}-why`, hidden: true });
  const written = field({ 'data-part': 'comment', 'aria-label': `${t('answer.note')}: ${pick(item.text)}`, 'aria-describedby': demand.id }, {
    read: () => sheet.entry(item.id).comment ?? '',
    write: (words) => sheet.setComment(item.id, words),
    leave: () => sheet.flush(),
  });
  const node = h('div', { class: 'its-note', hidden: !written.area.value }, demand, written.area, voiceButton(written.area));
  const open = act('comment', [icon('pen'), h('span', null, t('answer.note'))], () => {
    node.hidden = false;
    written.area.focus();
    open.hidden = true;
  }, { class: 'quiet' });
  open.hidden = !node.hidden;
  return {
    node, open, refresh: () => {
      written.refresh();
      if (written.area.value) [node.hidden, open.hidden] = [false, true];
    },
    demand: (problem) => {
      demand.hidden = !problem;
      if (!problem) return;
      demand.replaceChildren(icon('pen'), h('span', null, sentence(problem)));
      [node.hidden, open.hidden] = [false, true];
    },
  };
}
