// Assignments and drafts put together: which are to do, sent back, still open, done; and how each looks in a list.
import { h } from '../core/dom.js';
import { isDiscreet, t } from '../core/words.js';
import { answersOf, outstanding, photoCounts, progress } from '../rules/index.js';
import { badge, placeOf, windowOf, zoneOf } from './parts.js';

const OVER = ['approved', 'released', 'appealed', 'decided', 'final', 'void'];
const RANK = ['failed', 'conflict', 'returned', 'draft', 'waiting', 'sending', 'todo', 'missed'];

/**
 * @typedef {{task: any, draft: any, checklist: any, state: string, open: any[]}} Row a task with what there is of it;
 *   `open`: follow-ups that may still be answered
 * @returns {{open: Row[], returned: Row[], followUps: Row[], unsent: Row[], done: Row[], practice: Row|null}}
 */
export function groups(assignments, checklists, drafts) {
  const newest = new Map();
  for (const draft of [...drafts].reverse()) newest.set(draft.assignment, draft);
  const tasks = new Map(assignments.map((task) => [task.code, task]));
  for (const draft of drafts) if (!tasks.has(draft.assignment) && draft.task) tasks.set(draft.assignment, draft.task);
  const rows = [...tasks.values()].map((task) => rowOf(task, newest.get(task.code) ?? null, checklists));
  const of = (...states) => rows.filter((row) => states.includes(row.state) && !row.task.practice);
  const followUps = rows.filter((row) => row.open.length);
  const open = of('failed', 'conflict', 'draft', 'waiting', 'sending', 'todo', 'missed');
  open.sort((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state) || a.task.window_to.localeCompare(b.task.window_to));
  return {
    open, followUps, returned: of('returned'), unsent: of('waiting', 'sending', 'failed', 'conflict'), done: of('received'),
    practice: rows.find((row) => row.task.practice) ?? null,
  };
}

function rowOf(task, draft, checklists) {
  const which = draft?.checklist ?? task.checklist;
  const checklist = checklists[`${which.code}:${which.version}`] ?? null;
  const open = draft?.follow_ups?.length && checklist ? outstanding(checklist, draft.follow_ups, answersOf(checklist, draft.answers), Date.now()) : [];
  return { task, draft, checklist, state: stateOf(task, draft), open };
}

/** In one word how a task stands. */
export function stateOf(task, draft) {
  if (draft) return draft.state === 'draft' && draft.asked ? 'returned' : draft.state;
  if (task.visit && (OVER.includes(task.visit.state) || ['submitted', 'in_qc'].includes(task.visit.state))) return 'received';
  return Date.parse(task.window_to) < Date.now() ? 'missed' : 'todo';
}

const KINDS = { received: 'good', waiting: 'warn', sending: 'warn', failed: 'bad', conflict: 'bad', returned: 'warn', missed: 'warn' };

/** The badge of a state. */
export function stateBadge({ state, draft, task }) {
  if (task?.practice) return badge(t('state.practice'));
  return badge(t(`state.${state}`), KINDS[state] ?? (draft ? 'good' : ''));
}

/** A task in the list; the whole card leads to its briefing. */
export function taskCard(row) {
  const { task, draft } = row;
  const zone = zoneOf(task.dealer?.timezone);
  return h(
    'a', { class: 'card', href: `#/assignment/${encodeURIComponent(task.code)}`, 'data-act': 'assignment', 'data-assignment': task.code, 'data-state': row.state },
    h('div', { class: 'row apart' }, h('h3', { class: 'grow' }, task.practice ? t('today.practice_title') : placeOf(task.dealer)), stateBadge(row)),
    !isDiscreet() && !task.practice && h('p', { class: 'muted' }, [task.dealer?.city, t(`mode.${task.mode}`)].filter(Boolean).join(' · ')),
    !task.practice && h('p', null, windowOf(task), zone ? h('span', { class: 'muted small' }, ` ${zone}`) : ''),
    !isDiscreet() && task.scenario && h('p', { class: 'muted' }, short(task.scenario)),
    draft && row.state !== 'received' && row.checklist && progressLine(row),
  );
}

/** How much of a draft is answered. */
export function progressLine({ draft, checklist }) {
  const { shown, settled } = progress(checklist, answersOf(checklist, draft.answers), photoCounts(draft.answers));
  const words = t('today.progress', { done: settled, all: shown });
  return h('div', null, h('p', { class: 'small muted number' }, words), h('progress', { max: Math.max(1, shown), value: settled, 'aria-label': words }));
}

function short(text) {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
