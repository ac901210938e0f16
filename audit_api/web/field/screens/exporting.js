// Saves everything that is on the phone into a file, for the worst case.
import { announce } from '../core/dom.js';
import { offer } from '../core/offer.js';
import { t } from '../core/words.js';
import { exportAll, exportName } from '../data/export_file.js';

/** Make the file and hand it over. */
export async function exportNow() {
  announce(t('settings.exporting'));
  offer(await exportAll(), exportName());
  announce(t('settings.exported'));
}
