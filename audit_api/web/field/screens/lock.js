// The lock: initials, a keypad, nothing that tells what is behind it.
import { act, announce, h } from '../core/dom.js';
import { chooseLanguage } from '../core/look.js';
import { language, t } from '../core/words.js';
import { pinWait, unlock, WrongPin } from '../core/vault.js';
import { accounts } from '../data/accounts.js';
import { entering, fault } from './parts.js';

let timer = 0;
// Stays chosen when the screen is drawn anew (another language).
let present = '';

export async function open() {
  const people = await accounts();
  let chosen = people.find(({ id }) => id === present) ?? people.find(({ last }) => last) ?? people[0];
  const said = h('p', { class: 'refusal', role: 'alert', id: 'said' });
  const field = h('input', {
    type: 'password', 'data-part': 'pin', 'aria-label': t('lock.pin'), 'aria-describedby': 'said', autocomplete: 'off',
    // Our own keys stand below: the phone's keyboard would only cover them.
    inputMode: 'none', class: 'pin',
  });
  const forgot = h('a', { class: 'button quiet wide', 'data-act': 'forgot-pin' }, t('lock.forgot'));
  const button = act('unlock', t('lock.unlock'), () => tryPin(chosen, field, said, button), { class: 'primary wide' });
  const choose = (person) => {
    chosen = person;
    present = person.id;
    forgot.href = `#/sign-in?account=${encodeURIComponent(person.id)}`;
    for (const other of box.querySelectorAll('[data-account]')) other.setAttribute('aria-checked', String(other.dataset.account === person.id));
    field.value = '';
    said.textContent = '';
    wait(person, said, button);
  };
  const box = h(
    'section', { class: 'stack lock' },
    h('h1', null, t('lock.title')),
    h('div', { class: 'row accounts', role: 'radiogroup', 'aria-label': t('lock.who') }, people.map((person) => h('button', {
      type: 'button', role: 'radio', 'data-account': person.id, 'data-act': 'account', 'aria-checked': 'false',
      onclick: () => { choose(person); field.focus(); },
    }, person.label))),
    field, said, keypad(field), button, forgot,
    h('a', { class: 'button quiet wide', href: '#/sign-in', 'data-act': 'other-person' }, t('lock.other')),
    act('language', t('core.language'), () => chooseLanguage(language() === 'zh' ? 'en' : 'zh'), { class: 'quiet wide', lang: language() === 'zh' ? 'en' : 'zh-CN' }),
  );
  choose(chosen);
  entering(box, button);
  setTimeout(() => field.isConnected && field.focus({ preventScroll: true }));
  return box;
}

export function close() {
  clearTimeout(timer);
  present = '';
}

async function tryPin(person, field, said, button) {
  if (!field.value) return;
  said.textContent = '';
  announce(t('lock.checking'));
  try {
    await unlock(person.id, field.value);
  } catch (error) {
    field.value = '';
    field.focus({ preventScroll: true });
    if (!(error instanceof WrongPin)) said.textContent = fault(error);
    else if (error.seconds) await wait(person, said, button);
    else said.textContent = t('lock.wrong');
  }
}

// After several wrong tries the next one must wait; it says how long, and that nothing is lost.
async function wait(person, said, button) {
  clearTimeout(timer);
  const seconds = await pinWait(person.id);
  button.disabled = seconds > 0;
  if (seconds > 0) {
    said.textContent = t('lock.wait', { n: seconds });
    timer = setTimeout(() => wait(person, said, button), 1000);
  } else if (said.textContent) {
    said.textContent = '';
  }
}

function keypad(field) {
  const press = (text) => {
    field.value = text === null ? field.value.slice(0, -1) : field.value + text;
  };
  const key = (text) => h('button', { type: 'button', 'data-key': text, onclick: () => press(text) }, text);
  return h(
    'div', { class: 'keypad', role: 'group', 'aria-label': t('lock.keys') },
    [...'123456789'].map(key), h('span', null), key('0'),
    h('button', { type: 'button', 'data-key': 'erase', 'aria-label': t('lock.erase'), onclick: () => press(null) }, '⌫'),
  );
}
