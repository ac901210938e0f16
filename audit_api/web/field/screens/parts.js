// Small parts that several screens share.
import { h } from '../core/dom.js';
import { Offline, Refused } from '../core/api.js';
import { isDiscreet, language, pick, t } from '../core/words.js';

/** Let Enter press the button of a box with fields. */
export function entering(box, button) {
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target.tagName !== 'INPUT' || button.disabled) return;
    event.preventDefault();
    button.click();
  });
}

/** Say in words what went wrong. */
export function fault(error) {
  if (error instanceof Offline || error?.name === 'Offline') return t('fault.offline');
  if (error instanceof Refused) return error.detail || error.title || t('fault.server', { n: error.status });
  if (error?.name === 'StorageFull' || error?.name === 'QuotaExceededError') return t('fault.full');
  if (error?.name === 'StorageAbsent') return t('fault.storage');
  return t('fault.other', { reason: error?.message ?? error });
}

/** Whether this is an iPhone or iPad, where the home screen's app keeps data of its own. */
export function onIos() {
  return /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
}

/** Whether it was opened from the home screen. */
export function standalone() {
  return matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;
}

const tag = () => (language() === 'zh' ? 'zh-CN' : 'en-GB');

/** Write a time of day and date as they are in a zone. */
export function moment(iso, zone) {
  if (!iso) return '';
  return write(new Date(iso), { month: 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, zone);
}

function write(date, how, zone) {
  try {
    return new Intl.DateTimeFormat(tag(), { ...how, timeZone: zone || undefined }).format(date);
  } catch {
    return new Intl.DateTimeFormat(tag(), how).format(date); // a zone this browser does not know
  }
}

/** Write a window in the dealer's own time: days alone where it runs from midnight to midnight. */
export function windowOf({ window_from: from, window_to: to, dealer }) {
  const zone = dealer?.timezone;
  const clock = (iso) => write(new Date(iso), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }, zone);
  if (clock(from) !== '00:00' || clock(to) !== '00:00') return t('today.window', { from: moment(from, zone), to: moment(to, zone) });
  const day = (time) => write(new Date(time), { month: 'short', day: 'numeric', weekday: 'short' }, zone);
  const [first, last] = [day(from), day(Date.parse(to) - 1)]; // the end is not part of it
  return first === last ? first : t('today.window', { from: first, to: last });
}

/** Say whose clock a time is told by, where the phone's is another. */
export function zoneOf(zone) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone && zone !== own ? t('today.zone', { zone }) : '';
}

/** The place as it may be read by whoever looks on: in discreet mode its town and number. */
export function placeOf(dealer) {
  if (!dealer) return '';
  if (isDiscreet()) return [dealer.city, dealer.code].filter(Boolean).join(' · ');
  return pick({ zh: dealer.name_zh, en: dealer.name_en }) || dealer.code;
}

/** A badge: words and weight. */
export function badge(words, kind = '') {
  return h('span', { class: `badge ${kind}` }, words);
}

/** What is not on the page until a touch asks for it, and goes again with the next. */
export function folded(title, make) {
  const inside = h('div');
  const changed = ({ target }) => inside.replaceChildren(...(target.open ? [make()].flat(Infinity).filter(Boolean) : []));
  return h('details', { 'data-part': 'folded', ontoggle: changed }, h('summary', null, title), inside);
}

/** Write a number of bytes. */
export function size(bytes) {
  const mb = bytes / 1_000_000;
  return mb >= 1000 ? `${(mb / 1000).toFixed(1)} GB` : mb >= 0.1 ? `${mb.toFixed(1)} MB` : `${Math.ceil(bytes / 1000)} KB`;
}

/** The least number of digits of a PIN. */
export const SHORTEST_PIN = 6;

/** Whether a PIN is one of those everybody tries first: the same digit, or counting up or down. */
export function simplePin(pin) {
  const steps = [...pin].slice(1).map((digit, at) => digit.charCodeAt(0) - pin.charCodeAt(at));
  return steps.every((step) => step === steps[0] && Math.abs(step) <= 1);
}

/** Let what was going on in the background end without a word where the phone was locked meanwhile. */
export function unlessLocked(work) {
  return work.catch((error) => {
    if (error?.name !== 'Locked') throw error;
  });
}
