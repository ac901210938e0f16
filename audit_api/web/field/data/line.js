// Whether anything may be sent now, and when to try again after it failed.
import { isDiscreet } from '../core/words.js';
import { needsLogin } from './session.js';

const FIRST_MS = 1_000;
const GROWTH = 1.7;
const HALF_DEAF = 0.35;
const LONGEST_MS = 300_000;
const FREE = ['wifi', 'ethernet'];

/** Whether this is a network that costs nothing by the byte: true, false, or null where the browser does not tell. */
export function onWifi() {
  const type = navigator.connection?.type;
  return type === undefined || type === 'unknown' ? null : FREE.includes(type);
}

/**
 * Why nothing of a draft is sent now; null when it may go. Settings: `paused`, `wifi_only`. In
 * discreet mode nothing leaves the phone until told: whoever watches it during a covert visit sees nothing happen.
 * @param {Object<string, any>} settings
 * @param {boolean} told the auditor pressed "Upload now" for it
 * @returns {null|'paused'|'login'|'offline'|'discreet'|'wifi'|'wifi_unknown'}
 */
export function heldBack(settings, told) {
  if (settings.paused) return 'paused';
  if (needsLogin()) return 'login';
  if (navigator.onLine === false) return 'offline';
  if (isDiscreet() && !told) return 'discreet';
  if (settings.wifi_only && !told) {
    const wifi = onWifi();
    if (wifi !== true) return wifi === null ? 'wifi_unknown' : 'wifi';
  }
  return null;
}

/**
 * When to come back after failures: later each time, never at the same moment as all the other phones, and not before
 * the server said. Times are of a clock that nobody can set (performance.now()): a phone's own may jump by a day.
 */
export class Waiting {
  constructor() {
    this.tries = 0;
    this.due = 0;
    this.notBefore = 0;
  }

  /**
   * Note a failure.
   * @param {number|null} [retryAfter] seconds the server asked for
   * @param {'progress'|'answered'|'nothing'} [before] what came of it first: where something was taken in, the line is
   *   good enough to go straight on; where the server could be heard at least, the pauses grow slowly
   */
  failed(retryAfter = null, before = 'nothing') {
    this.tries = before === 'progress' ? 1 : this.tries + (before === 'answered' && this.tries ? HALF_DEAF : 1);
    const usual = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** (this.tries - 1)) * (0.5 + Math.random() / 2);
    if (retryAfter) this.notBefore = performance.now() + retryAfter * 1000 * (1 + Math.random() / 10);
    this.due = Math.max(performance.now() + usual, this.notBefore);
  }

  /** Come back after so many milliseconds; nothing has failed. */
  rest(ms) {
    this.tries = 0;
    this.due = performance.now() + ms;
  }

  /** Try again as soon as the server allows it, whatever was before. */
  clear() {
    this.tries = 0;
    this.due = this.notBefore;
  }

  /** Milliseconds from now; 0 when it is time. */
  left() {
    return Math.max(0, this.due - performance.now());
  }
}
