// What the answering screens know of one visit: its answers as they are on the screen, what the rules say of them, and
// what is still to be written to storage. Every change shows at once and is stored within 250 ms, or when the field is left.
import { emit, on } from '../../core/events.js';
import { hold } from '../../core/vault.js';
import { assignmentOf } from '../../data/assignments.js';
import * as drafts from '../../data/drafts.js';
import { judge } from './judgement.js';

const TYPING_MS = 250;
const NOTHING = Object.freeze({ value: null, comment: '', answered_at: null, photos: Object.freeze([]) });
let current = null;

/** Open the sheet of a visit, or null where the phone holds no such visit; the one opened before is stored first. */
export async function openSheet(visit) {
  if (current?.visit === visit) {
    await current.flush();
    await current.reload();
    return current;
  }
  await current?.close();
  const draft = await drafts.load(visit);
  if (!draft) return null;
  const checklist = await drafts.checklistOf(draft);
  if (!checklist) return null;
  const assignment = (draft.assignment && (await assignmentOf(draft.assignment))) || draft.task || null;
  current = new Sheet(draft, checklist, assignment);
  return current;
}

/** Store what is still being typed, wherever it is. */
export async function flushSheet() {
  await current?.flush();
}

export class Sheet {
  constructor(draft, checklist, assignment) {
    Object.assign(this, { visit: draft.visit, draft, checklist, assignment });
    this.items = new Map();
    for (const section of checklist.sections) for (const item of section.items) this.items.set(item.id, { item, section });
    this.unread = new Map(); // typed where a number belongs, and is none
    this.waiting = new Map(); // `${item} ${part}` -> what is to be stored
    this.writing = Promise.resolve();
    this.state = 'saved';
    this.strict = false; // once the review was opened, unanswered items say so
    this.place = null; // where to come back to
    this.listeners = new Set();
    this.edits = 0;
    this.judge();
    const leave = () => document.visibilityState === 'hidden' && this.flush();
    const flush = () => this.flush();
    document.addEventListener('visibilitychange', leave);
    addEventListener('pagehide', flush);
    this.offs = [
      on('changed', ({ visit }) => visit === this.visit && this.reloadSoon()),
      on('unlocked', flush),
      () => document.removeEventListener('visibilitychange', leave),
      () => removeEventListener('pagehide', flush),
    ];
  }

  /** What is recorded of an item. */
  entry(id) {
    return this.draft.answers[id] ?? NOTHING;
  }

  /** Whether the report is with the server: then only open follow-ups may change, unless it was sent back. */
  get isSubmitted() {
    const { state, receipt, follow_ups: tails, asked } = this.draft;
    return state === 'received' || Boolean(receipt) || (tails !== null && asked === null);
  }

  /** Whether nothing of an item may change any more. */
  isLocked(id) {
    if (!this.isSubmitted) return false;
    const tail = this.tail(id);
    return !tail || (tail.open_until && Date.parse(tail.open_until) < Date.now());
  }

  /** The follow-up window of an item, once the server has opened it. */
  tail(id) {
    return (this.draft.follow_ups ?? []).find((row) => row.item === id) ?? null;
  }

  /** Record a value; typed ones are stored when typing rests. */
  set(id, value, { typing = false } = {}) {
    this.keep(id, 'value', value, typing);
  }

  /** Record a comment. */
  setComment(id, text, { typing = true } = {}) {
    this.keep(id, 'comment', text, typing);
  }

  keep(id, part, value, typing) {
    this.edits += 1;
    const entry = { ...this.entry(id), [part]: value };
    this.draft.answers = { ...this.draft.answers, [id]: entry };
    this.waiting.set(`${id} ${part}`, { id, part, value });
    this.release ??= hold(); // a lock that comes now waits until this is stored
    this.told('saving');
    clearTimeout(this.timer);
    if (typing) this.timer = setTimeout(() => this.flush(), TYPING_MS);
    else this.flush();
  }

  /** Store what waits; keeps it where storing fails, so that nothing on the screen is taken for stored. */
  flush() {
    clearTimeout(this.timer);
    if (!this.waiting.size) return this.writing;
    this.judge();
    this.tell();
    this.writing = this.writing.then(() => this.store());
    return this.writing;
  }

  async store() {
    for (const [key, job] of [...this.waiting]) {
      try {
        if (job.part === 'value') await drafts.setAnswer(this.visit, job.id, job.value);
        else await drafts.setComment(this.visit, job.id, job.value);
      } catch (error) {
        console.warn(error);
        this.told('failed');
        this.letGo();
        return;
      }
      if (this.waiting.get(key) === job) this.waiting.delete(key);
    }
    if (this.waiting.size) return; // typed meanwhile: its own time comes
    this.told('saved');
    this.letGo();
  }

  letGo() {
    this.release?.();
    this.release = null;
  }

  /** Change something else of the draft: `counts` where it is sent (a photo's position), not where it is not (a timer). */
  async change(fn, { counts = false } = {}) {
    await this.flush();
    await (counts ? drafts.edit : drafts.update)(this.visit, (draft) => (fn(draft), draft));
    await this.reload();
  }

  reloadSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.reload(), 200);
  }

  /** Read the draft again: another tab, the sender or the camera changed it. What is being typed here stays. */
  async reload() {
    const edits = this.edits;
    const draft = await drafts.load(this.visit).catch(() => null); // locked meanwhile: what is here stays
    if (!draft) return;
    if (edits !== this.edits || this.waiting.size) {
      this.reloadSoon();
      return;
    }
    const before = this.draft;
    this.draft = draft;
    const ids = [...this.items.keys()];
    const changed = ids.filter((id) => JSON.stringify(before.answers[id]) !== JSON.stringify(draft.answers[id]));
    this.judge();
    this.tell(new Set(changed));
  }

  judge() {
    Object.assign(this, judge(this));
  }

  /** Hear of changes: `fn(changed)` with the ids whose record changed elsewhere. */
  listen(fn) {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  tell(changed = new Set()) {
    for (const fn of [...this.listeners]) fn(changed);
  }

  told(state) {
    if (this.state === state) return;
    this.state = state;
    this.onState?.(state);
    if (state === 'failed') emit('storage');
  }

  async close() {
    await this.flush();
    clearTimeout(this.soon);
    for (const off of this.offs) off();
    this.listeners.clear();
  }
}
