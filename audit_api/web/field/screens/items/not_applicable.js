// "Not applicable", where an item offers it, beside a field; in a group of choices it is one of them.
import { act } from '../../core/dom.js';
import { t } from '../../core/words.js';

/** Give the button, or null where the item must be answered. */
export function naButton(item, sheet, shown) {
  if (!item.allow_na) return null;
  const node = act('na', t('answer.na'), () => {
    sheet.unread.delete(item.id);
    sheet.set(item.id, sheet.entry(item.id).value === 'na' ? null : 'na');
    shown();
  }, { class: 'option na', 'aria-pressed': 'false' });
  return { node, refresh: () => node.setAttribute('aria-pressed', String(sheet.entry(item.id).value === 'na')) };
}
