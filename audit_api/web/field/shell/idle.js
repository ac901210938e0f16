// Locks the app when nobody touches it, or when it was out of sight, for as long as the setting says.
import { stamp } from '../core/clock.js';

const LONGEST_CAMERA = 5 * 60_000;
const HANDING_OVER_MS = 15_000;
let touched = stamp();
let hiddenAt = 0;
let cameraSince = 0;
let timer = 0;

/**
 * @param {{seconds: () => number, lock: () => any, active: () => boolean}} how how long, what then, and whether there
 *   is anything to lock
 */
export function beginIdle({ seconds, lock, active }) {
  const due = (since) => active() && !filming() && stamp() - since >= seconds() * 1000;
  const check = () => {
    if (due(hiddenAt || touched)) lock();
  };
  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { check(); plan(); }, Math.max(500, Math.min(seconds() * 1000, 5000)));
  };
  for (const name of ['pointerdown', 'keydown', 'input', 'scroll', 'touchmove']) {
    addEventListener(name, () => (touched = stamp()), { passive: true, capture: true });
  }
  // The phone's camera takes the page's place: coming back with a photo must not find the page locked, or the photo
  // would be lost. Choosing a file is therefore not an absence, for five minutes.
  addEventListener('click', ({ target }) => {
    if (target?.type === 'file') cameraSince = stamp();
  }, true);
  for (const name of ['change', 'cancel']) {
    addEventListener(name, ({ target }) => {
      if (target?.type === 'file') {
        cameraSince = 0;
        touched = stamp();
        if (hiddenAt) hiddenAt = touched;
      }
    }, true);
  }
  document.addEventListener('visibilitychange', () => {
    const root = document.documentElement;
    if (document.hidden) {
      hiddenAt = stamp();
      root.dataset.covered = '';
      return;
    }
    if (filming()) {
      // Back from the camera: the photo comes within moments, or never, and not every browser tells that it does not.
      touched = stamp();
      cameraSince = Math.min(cameraSince, stamp() - LONGEST_CAMERA + HANDING_OVER_MS);
    } else if (hiddenAt && due(hiddenAt)) lock();
    hiddenAt = 0;
    delete root.dataset.covered;
  });
  plan();
}

function filming() {
  return cameraSince > 0 && stamp() - cameraSince < LONGEST_CAMERA;
}
