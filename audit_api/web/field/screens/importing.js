// Takes in what another browser has exported: the worst case's way back.
import { act, h } from '../core/dom.js';
import { emit } from '../core/events.js';
import { t } from '../core/words.js';
import { importAll } from '../data/export_file.js';
import { fault } from './parts.js';

/** The field and the button, and what came of it. */
export function importPart() {
  const said = h('p', { role: 'status', class: 'small', 'data-part': 'imported' });
  const field = h('input', {
    type: 'file', class: 'unseen', tabIndex: -1, 'data-part': 'import', accept: '.zip,application/zip', 'aria-label': t('settings.import'),
    onchange: async () => {
      const [file] = field.files;
      if (!file) return;
      said.textContent = t('settings.importing');
      try {
        const { added, kept, photos, damaged } = await importAll(file);
        said.textContent = [t('settings.imported', { n: added.length, photos }), kept.length && t('settings.import_kept', { n: kept.length }), damaged.length && t('settings.import_damaged', { n: damaged.length })].filter(Boolean).join(' ');
        emit('changed', {});
      } catch (error) {
        said.textContent = error?.name === 'ExportRefused' ? error.message : fault(error);
      }
      field.value = '';
    },
  });
  return h('div', { class: 'stack' }, act('import', t('settings.import'), () => field.click(), { class: 'wide' }), field, said);
}
