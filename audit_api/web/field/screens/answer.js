// Answering a visit: one section at a time, or everything on one page. What is under the finger is never drawn again;
// a change only shows or hides what it changed.
import { announce, h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { isDiscreet, pick, t } from '../core/words.js';
import { box } from './items/box.js';
import { contents, footer } from './items/frame.js';
import { clockFace, ran } from './items/numbers.js';
import { sectionRoute } from './items/routes.js';
import { openSheet } from './items/sheet.js';
import { stopVoice } from './items/voice.js';

const AT_ONCE = 8; // boxes drawn before the screen is shown; the rest follow a few at a time
const TURN_MS = 24; // then the finger has its turn
const TYPING_MS = 700; // while somebody types, nothing is drawn below
let view = null;

/**
 * @param {{visit: string, section?: string, all?: boolean, item?: string}} params
 * @returns {Promise<HTMLElement>}
 */
export async function open({ visit, section = '', all = false, item = '' }) {
  leave();
  const sheet = await openSheet(visit);
  if (!sheet) return absent();
  const present = shownSection(sheet, section, item);
  const mine = { sheet, boxes: [], parts: [], offs: [], all, present: all ? null : present.section.code };
  view = mine;
  const plan = planOf(sheet, all ? sheet.checklist.sections : [present.section]);
  const list = h('div', { class: 'items' });
  const rest = h('p', { class: 'muted', role: 'status', hidden: true }, t('answer.rest'));
  const title = all ? (isDiscreet() ? t('answer.title_discreet') : pick(sheet.checklist.title)) : pick(present.section.title);
  const dialog = contents(sheet, mine.present);
  const bottom = footer(sheet, mine.present, dialog);
  const timers = h('div', { class: 'running row', hidden: true });
  const node = h('article', { class: 'sheet' }, h('h1', null, title),
    sheet.isSubmitted && h('p', { class: 'note' }, t('answer.submitted')),
    sheet.draft.practice && h('p', { class: 'note' }, t('review.practice')),
    bottom.trouble, list, rest, h('div', { class: 'bottom answering-bar' }, timers, bottom.node), dialog.node);

  mine.node = node;
  const wanted = item || sheet.place?.at;
  const until = Math.max(AT_ONCE, plan.findIndex((row) => row.item?.id === wanted) + AT_ONCE);
  const drawNext = (count) => {
    for (const row of plan.splice(0, count)) {
      if (row.heading) mine.parts.push(heading(list, row));
      else mine.boxes.push(append(list, box(row.item, sheet, row.number)));
    }
    rest.hidden = !plan.length;
  };
  drawNext(until);
  let typed = -TYPING_MS;
  node.addEventListener('input', () => (typed = performance.now()));
  const goOn = () => {
    if (view !== mine || !plan.length) return;
    const rests = typed + TYPING_MS - performance.now();
    if (rests > 0) {
      setTimeout(goOn, rests);
      return;
    }
    const begun = performance.now();
    do drawNext(1);
    while (plan.length && performance.now() - begun < TURN_MS);
    setTimeout(goOn);
  };
  setTimeout(goOn);

  const update = (changed) => {
    for (const one of mine.boxes) one.update(changed);
    for (const part of mine.parts) part.node.hidden = !part.items.some(({ id }) => sheet.shown.has(id));
    dialog.update();
    bottom.update();
  };
  mine.offs.push(sheet.listen(update), bottom.close, runTimers(sheet, timers));
  if (item) requestAnimationFrame(() => reveal(node, item));
  return node;
}

/** Leave the screen: what is typed is stored, nothing goes on listening. */
export async function close() {
  // From section to section the next one is open before the last is closed: then there is nothing left to do.
  if (!view?.node.isConnected) return;
  const { sheet } = view;
  leave();
  await sheet.flush();
}

function leave() {
  stopVoice();
  if (!view) return;
  const top = view.boxes.find(({ node }) => !node.hidden && node.getBoundingClientRect().bottom > 80);
  if (top) view.sheet.place = { at: top.id };
  for (const off of view.offs) off();
  for (const one of view.boxes) one.close();
  view = null;
}

/** The section asked for, of an item, or the first where something is open. */
function shownSection(sheet, code, item) {
  const { sections } = sheet;
  const withItems = sections.filter(({ items }) => items.length);
  return sections.find(({ section }) => section.code === code)
    ?? (item ? sections.find(({ section }) => section.items.some(({ id }) => id === item)) : null)
    ?? withItems.find(({ done, items, lacking }) => done < items.length || lacking)
    ?? withItems[0] ?? sections[0];
}

// Numbers run through the checklist and stay with their items, whatever is shown.
function planOf(sheet, sections) {
  const numbers = new Map([...sheet.items.keys()].map((id, at) => [id, String(at + 1)]));
  return sections.flatMap((section) => [
    ...(sections.length > 1 ? [{ heading: section, sheet }] : []),
    ...section.items.map((item) => ({ item, number: numbers.get(item.id) })),
  ]);
}

function heading(list, { heading: section, sheet }) {
  const node = h('h2', { 'data-section': section.code, hidden: !section.items.some(({ id }) => sheet.shown.has(id)) }, pick(section.title));
  list.append(node);
  return { node, items: section.items };
}

function append(list, made) {
  list.append(made.node);
  return made;
}

/** Bring an item into sight and the focus to it: somebody was sent here to mend it. */
function reveal(node, id) {
  const found = node.querySelector(`[data-item="${CSS.escape(id)}"]`);
  if (!found) return;
  found.style.scrollMarginTop = `${document.getElementById('bar').offsetHeight + 12}px`;
  found.scrollIntoView({ block: 'start', behavior: 'instant' });
  // What was out of sight until now has found its true height: once more.
  requestAnimationFrame(() => found.scrollIntoView({ block: 'start', behavior: 'instant' }));
  found.classList.add('looked-for');
  found.querySelector('h3').focus({ preventScroll: true });
  announce(found.querySelector('h3').textContent);
}

// A timer that runs is seen from anywhere in the visit, and a touch leads to it.
function runTimers(sheet, row) {
  const tick = () => {
    const running = Object.entries(sheet.draft.timers ?? {}).filter(([, { since }]) => since !== null);
    row.hidden = !running.length;
    if (row.children.length !== running.length) {
      row.replaceChildren(...running.map(([id]) => h('a', {
        class: 'button timer', 'data-act': 'jump', href: sectionRoute(sheet.visit, sheet.items.get(id)?.section.code ?? '', id),
      }, icon('timer'), h('span', { class: 'number' }))));
    }
    running.forEach(([, timer], at) => {
      const face = row.children[at].lastChild;
      face.textContent = `${t('answer.timer_running')} ${clockFace(ran(timer))}`;
    });
  };
  tick();
  const off = sheet.listen(tick);
  const every = setInterval(tick, 1000);
  return () => {
    off();
    clearInterval(every);
  };
}

/** Shown where the phone holds no such visit. */
export function absent() {
  return h('section', { class: 'stack' }, h('h1', null, t('answer.absent')), h('p', null, t('answer.absent_why')),
    h('a', { class: 'button primary wide', href: '#/today', 'data-act': 'today' }, t('core.today')));
}

