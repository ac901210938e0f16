// Texts: answers in words, the note of an item, and how much is still to be written.
import { h } from '../../core/dom.js';
import { t } from '../../core/words.js';
import { naButton } from './not_applicable.js';
import { voiceButton } from './voice.js';

// Where the browser cannot grow a field with its text, it is grown by hand, once typing rests.
const GROWS = globalThis.CSS?.supports?.('field-sizing', 'content');

/** A field for several lines that grows with its text and stores itself. */
export function field(attributes, { read, write, leave }) {
  const area = h('textarea', { rows: 2, ...attributes });
  const grow = () => {
    if (GROWS || !area.isConnected) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 3}px`;
  };
  area.addEventListener('input', () => {
    write(area.value);
    requestAnimationFrame(grow);
  });
  area.addEventListener('blur', leave);
  const refresh = () => {
    const text = read();
    if (area.value !== text) area.value = text;
    requestAnimationFrame(grow);
  };
  refresh();
  return { area, refresh };
}

/** The control of a text or an account. */
export function text(item, sheet, names) {
  const least = item.min_chars ?? 0;
  const count = h('p', { class: 'small muted count', id: `${item.id}-count` });
  const described = [names['aria-describedby'], least ? `${item.id}-count` : ''].filter(Boolean).join(' ');
  const words = (value) => (typeof value === 'string' && !(value === 'na' && item.allow_na) ? value : '');
  const written = field(
    { 'data-part': 'text', rows: item.type === 'narrative' ? 6 : 2, ...names, 'aria-describedby': described },
    {
      read: () => words(sheet.entry(item.id).value),
      write: (value) => {
        sheet.set(item.id, value || null, { typing: true });
        tell();
      },
      leave: () => sheet.flush(),
    },
  );
  const na = naButton(item, sheet, () => refresh());
  const tell = () => {
    if (!least) return;
    const has = [...written.area.value.trim()].length;
    count.textContent = has >= least ? t('answer.enough', { n: has }) : t('answer.count', { n: has, least, rest: least - has });
  };
  const refresh = () => {
    written.refresh();
    na?.refresh();
    tell();
  };
  refresh();
  return { node: h('div', { class: 'texts' }, written.area, h('div', { class: 'row apart' }, least ? count : null, voiceButton(written.area)), na?.node), refresh };
}
