// Opens the practice checklist: the one begun before, or a new one. Nothing of it is ever sent.
import { h } from '../core/dom.js';
import { t } from '../core/words.js';
import { all, start } from '../data/drafts.js';

const CODE = 'PRACTICE';

export async function open() {
  const begun = (await all()).find((draft) => draft.practice && !draft.ended_at);
  const draft = begun ?? (await begin());
  location.replace(`#/visit/${draft.visit}`);
  return h('section', null, h('h1', null, t('core.loading')));
}

async function begin() {
  const answer = await fetch('practice.json');
  if (!answer.ok) throw new Error(`practice.json: ${answer.status}`);
  const checklist = await answer.json();
  const { code, version, mode } = checklist;
  const at = new Date();
  const task = {
    code: CODE, practice: true, mode, checklist: { code, version }, dealer: { code: '', name_zh: '', name_en: '', lat: null, lon: null },
    scenario: '', briefing: '', window_from: at.toISOString(), window_to: new Date(at.getTime() + 86_400_000 * 365).toISOString(), visit: null,
  };
  return start(task, checklist);
}
