// Where the phone is, as well as it can say in the time there is. A photo never waits for it: the fix of the last half
// minute is stored with it at once, and one that comes later is put beside it.
import { iso, stamp } from '../../core/clock.js';

const GOOD_METRES = 30;
const PATIENCE_MS = 25_000;
const FRESH_MS = 30_000;
const GIVE_UP_MS = 8_000; // after the phone has said that it has no position
let last = null; // {fix, at}
let asking = null;

/** Why there is no position: `refused`, `unavailable`, `late` or `unsupported`. */
export class NoPosition extends Error {
  constructor(reason) {
    super(reason);
    this.name = 'NoPosition';
    this.reason = reason;
  }
}

/**
 * Find the position: ends with a good one, or with the best there was when patience or the person ends it.
 * @param {{onFix?: (fix: any) => void, signal?: AbortSignal, patience?: number, good?: number}} [how]
 * @returns {Promise<{lat: number, lon: number, accuracy_m: number, fixed_at: string, datum: string}>}
 * @throws {NoPosition}
 */
export function locate({ onFix, signal, patience = PATIENCE_MS, good = GOOD_METRES } = {}) {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) {
      reject(new NoPosition('unsupported'));
      return;
    }
    let best = null;
    let giveUp = null;
    const end = (reason) => {
      navigator.geolocation.clearWatch(watch);
      clearTimeout(timer);
      clearTimeout(giveUp);
      signal?.removeEventListener('abort', enough);
      if (best) resolve(best);
      else reject(new NoPosition(reason));
    };
    const enough = () => end('late');
    const timer = setTimeout(enough, patience);
    signal?.addEventListener('abort', enough);
    const watch = navigator.geolocation.watchPosition(
      (found) => {
        const fix = fixFrom(found);
        if (!best || fix.accuracy_m <= best.accuracy_m) best = fix;
        last = { fix, at: stamp() };
        onFix?.(best);
        if (best.accuracy_m <= good) end();
      },
      ({ code }) => {
        // "Unavailable" comes and goes while the phone searches; only a refusal is final.
        if (code === 1) end('refused');
        else if (code === 2) giveUp ??= setTimeout(() => best || end('unavailable'), Math.min(GIVE_UP_MS, patience));
      },
      { enableHighAccuracy: true, timeout: patience, maximumAge: 0 },
    );
  });
}

/** Begin to find the position before it is needed: when the camera is opened. */
export function warm() {
  asking ??= locate({ patience: 20_000 }).catch(() => null).finally(() => (asking = null));
}

/** The position of the last half minute, or null. */
export function recent() {
  return last && stamp() - last.at < FRESH_MS ? last.fix : null;
}

/** The position as soon as there is one, or null. */
export async function soon() {
  return recent() ?? (await (asking ?? locate({ patience: 15_000 }).catch(() => null)));
}

function fixFrom({ coords, timestamp }) {
  const at = Number.isFinite(timestamp) && timestamp > 0 ? new Date(timestamp) : new Date();
  return {
    lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy * 10) / 10, fixed_at: iso(at), datum: 'WGS-84',
  };
}
