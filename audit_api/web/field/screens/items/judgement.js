// What the rules say of a visit's answers, item by item and section by section. No marks are worked out here or shown:
// how well a place does must not steer the person who looks.
import { pick } from '../../core/words.js';
import { contentOf } from '../../data/drafts.js';
import { beginFollowUps, checkAnswers, isAnswered, notAsked, positionOf, standings, visibleItems } from '../../rules/index.js';

/**
 * Judge a sheet.
 * @returns {{shown: Set<string>, standing: Map<string, any>, faults: Map<string, any[]>, settled: Set<string>,
 *   sections: {section: any, items: any[], done: number, lacking: number}[], share: number, asked: number, done: number,
 *   repeats: Map<string, number>}} `share`: answered of what is asked, 0..1; `repeats`: how often a photo is there
 */
export function judge(sheet) {
  const { checklist, draft } = sheet;
  const [values, comments, counts, repeats] = [{}, {}, {}, new Map()];
  for (const [id, entry] of Object.entries(draft.answers)) {
    const photos = entry.photos ?? [];
    const ofPhotos = sheet.items.get(id)?.item.type === 'photo' && entry.value !== 'na';
    values[id] = ofPhotos ? (photos.length ? photos.map((photo) => photo.sha256) : null) : (entry.value ?? null);
    comments[id] = entry.comment ?? '';
    counts[id] = photos.length;
    for (const { sha256 } of photos) repeats.set(sha256, (repeats.get(sha256) ?? 0) + 1);
  }
  const faults = new Map();
  const wrong = checkAnswers(checklist, values);
  for (const fault of [...wrong, ...checkAnswers(checklist, {}, comments)]) faults.set(fault.item, [...(faults.get(fault.item) ?? []), fault]);
  // What is no answer of its item cannot be judged further: it counts as missing until it is put right.
  const unsound = new Set(wrong.map((fault) => fault.item));
  const sound = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, unsound.has(id) ? null : value]));
  const shown = new Set(visibleItems(checklist, sound));
  const rows = standings(checklist, sound, comments, counts, positionOf(sheet.assignment?.dealer), later(sheet, sound));
  const standing = new Map(rows.map((row) => [row.item?.id ?? row.item, row]));
  const settled = new Set();
  const sections = [];
  let [asked, done] = [0, 0];
  for (const section of checklist.sections) {
    const items = section.items.filter((item) => shown.has(item.id));
    for (const item of items) if (sound[item.id] === 'na' || isAnswered(item, sound[item.id])) settled.add(item.id);
    const answered = items.filter((item) => settled.has(item.id)).length;
    const lacking = items.filter((item) => faults.has(item.id) || standing.get(item.id)?.problems.length).length;
    sections.push({ section, items, done: answered, lacking });
    asked += items.length;
    done += answered;
  }
  return { shown, standing, faults, settled, sections, share: asked ? done / asked : 0, asked, done, repeats };
}

/** Items that may follow after the visit; once it has arrived, those whose window the server opened. */
function later({ draft, checklist }, values) {
  if (draft.follow_ups) return draft.follow_ups.map((row) => row.item);
  const at = Date.now();
  const ended = draft.ended_at ? Math.min(Date.parse(draft.ended_at), at) : at;
  return beginFollowUps(checklist, values, ended, at).map((row) => row.item);
}

/** What is wrong with or missing at one item: [{code, zh, en}]. */
export function problemsOf(sheet, id) {
  const unread = sheet.unread.has(id) ? [{ code: 'not_number', zh: '这里要填数字', en: 'a number belongs here' }] : [];
  return [...unread, ...(sheet.faults.get(id) ?? []), ...(sheet.standing.get(id)?.problems ?? [])];
}

/** Everything that stands in the way of sending, in the order of the checklist: [{section, item, problems}]. */
export function missing(sheet) {
  return sheet.sections.flatMap(({ section, items }) =>
    items.map((item) => ({ section, item, problems: problemsOf(sheet, item.id) })).filter(({ problems }) => problems.length));
}

/** What the server said of items when it refused, by item; the rules above say again what of it still holds. */
export function refusals({ draft, items }) {
  const told = new Map();
  for (const { item, message } of draft.problem?.errors ?? []) {
    if (!items.has(item) || !message) continue;
    told.set(item, typeof message === 'string' ? { zh: message, en: message } : message);
  }
  return told;
}

/** Items changed in a returned report though nobody asked about them: the reviewer is told why. */
export function unasked({ draft, checklist }) {
  if (!draft.asked?.length || !draft.held?.observations) return [];
  const late = new Set((draft.follow_ups ?? []).map((row) => row.item));
  const asked = draft.asked.map((note) => note.item);
  return notAsked(checklist, asked, draft.held.observations, contentOf(draft, checklist, 0).observations).filter((id) => !late.has(id));
}

/** A problem in words, as a sentence of its own. */
export function sentence(problem) {
  const words = pick(problem);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
