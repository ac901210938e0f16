// An answer in words.
import { pick, t } from '../core/words.js';
import { moment } from './parts.js';

/** Say what was answered to an item; photos are counted elsewhere. */
export function saidOf(item, value) {
  if (value === null || value === undefined || value === '' || item.type === 'photo') return '—';
  if (value === 'na') return t('value.na');
  if (item.type === 'yes_no') return t(value === 'yes' ? 'core.yes' : 'core.no');
  if (Array.isArray(value)) return value.map((code) => labelOf(item, code)).join(t('value.and')) || t('value.nothing');
  if (item.type === 'single') return labelOf(item, value);
  if (item.type === 'auto_time') return moment(value);
  if (typeof value === 'object') return [value.lat, value.lon].every((part) => typeof part === 'number') ? `${value.lat.toFixed(5)}, ${value.lon.toFixed(5)}` : JSON.stringify(value);
  return String(value);
}

function labelOf(item, code) {
  return pick(item.options?.find((option) => option.code === code)?.text) || String(code);
}
