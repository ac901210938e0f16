// The quick screen: a list anybody may see. Nothing of it is kept; the phone's Back leads on, through the PIN once locked.
import { act, h } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { t } from '../core/words.js';

const NOTES = 6;
const ticked = new Set([1]);

export async function open() {
  const away = () => (history.state?.at > 1 ? history.back() : location.replace('#/today'));
  return h(
    'section', { class: 'stack quick' },
    h('div', { class: 'row' }, act('back', icon('back'), away, { class: 'quiet', 'aria-label': t('core.back') }), h('h1', null, t('quick.title'))),
    h('ul', { class: 'plain card' }, Array.from({ length: NOTES }, (_, at) => h('li', null, h('label', { class: 'choice' },
      h('input', { type: 'checkbox', checked: ticked.has(at), onchange: ({ target }) => (target.checked ? ticked.add(at) : ticked.delete(at)) }),
      h('span', null, t(`quick.note_${at + 1}`)))))),
  );
}
