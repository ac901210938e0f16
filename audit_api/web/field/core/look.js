// What the phone looks like before anybody has unlocked it: language and discreet mode stand outside the sealed
// records, as two plain words. The page's title is neutral always, for the list of open apps shows it to everybody.
import { emit } from './events.js';
import { isDiscreet, language, phoneLanguage, setDiscreet, setLanguage, t } from './words.js';

const KEY = 'field.look';
let chosen = {};

/** Take the look kept on this phone, else the phone's language. */
export function beginLook() {
  try {
    chosen = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    chosen = {};
  }
  setLanguage(chosen.language ?? phoneLanguage());
  setDiscreet(chosen.discreet);
  paint();
}

/** Put title and colours in agreement with language and mode; the title once the words are there. */
export function paint() {
  const root = document.documentElement;
  if (isDiscreet()) root.dataset.look = 'discreet';
  else delete root.dataset.look;
  document.title = t('core.title');
}

/** @param {'zh'|'en'} wanted */
export function chooseLanguage(wanted) {
  if (wanted === language()) return;
  setLanguage(wanted);
  keep({ language: wanted });
  emit('language', { language: wanted });
}

/** @param {boolean} on */
export function chooseDiscreet(on) {
  if (Boolean(on) === isDiscreet()) return;
  setDiscreet(on);
  keep({ discreet: Boolean(on) });
  emit('look', { discreet: Boolean(on) });
}

function keep(more) {
  chosen = { ...chosen, ...more };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Without localStorage the look lasts as long as the page does.
  }
  paint();
}
