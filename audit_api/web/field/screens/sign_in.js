// Signing in: a code (from a link, a QR code, or typed), then a PIN and initials. The same way leads back in after a
// forgotten PIN, after the sign-in has expired, and adds a second person to the phone. What is on the phone stays.
import { act, announce, h } from '../core/dom.js';
import { emit } from '../core/events.js';
import { isDiscreet, language, pick, t } from '../core/words.js';
import { begin, isOpen, lock, WrongRecoveryKey } from '../core/vault.js';
import { accounts, deviceId, saveToken } from '../data/accounts.js';
import { OtherPerson, redeem, renew } from '../data/session.js';
import { entering, fault, onIos, SHORTEST_PIN, simplePin, standalone } from './parts.js';

// Taken in, and not yet behind a PIN: kept while the page lives, so that switching the language loses no code.
let redeemed = null;

/** @param {{code?: string, again?: string, account?: string}} params */
export async function open({ code = '', again = '', account = '' }) {
  // A code in the address would stay in the history and be shown in the list of pages.
  if (code) history.replaceState(history.state, '', location.hash.replace(/([?&])code=[^&]*&?/, '$1').replace(/[?&]$/, ''));
  const known = await accounts();
  if (redeemed) return pinStep(known, redeemed);
  return codeStep(code || typed, Boolean(again) && isOpen(), known, account);
}

let typed = '';

function codeStep(code, again, known, account) {
  const box = h('section', { class: 'stack' });
  const said = h('p', { class: 'refusal', role: 'alert', id: 'said' });
  const field = h('input', {
    type: 'text', 'data-part': 'code', id: 'code', value: code, autocomplete: 'one-time-code', autocapitalize: 'characters',
    spellcheck: false, 'aria-describedby': 'code-hint said', oninput: () => (typed = field.value),
  });
  typed = code;
  const go = async () => {
    said.textContent = '';
    if (!field.value.trim()) return refuse(field, said, t('sign_in.code_missing'));
    try {
      if (again) {
        await renew(field.value);
        typed = '';
        location.replace('#/today');
        return;
      }
      redeemed = await redeem(field.value, { device: await deviceId() });
    } catch (error) {
      if (!(error instanceof OtherPerson)) return refuse(field, said, fault(error));
      redeemed = error.redeemed;
    }
    typed = '';
    box.replaceWith(pinStep(known, redeemed, account));
    document.querySelector('[data-part="label"]')?.focus();
  };
  const button = act('sign-in', t('sign_in.go'), go, { class: 'primary wide' });
  const forgotten = known.find(({ id }) => id === account);
  box.append(
    h('h1', null, t(again ? 'sign_in.again' : forgotten ? 'sign_in.forgotten' : 'sign_in.title')),
    h('p', null, t(again ? 'sign_in.again_why' : forgotten ? 'sign_in.forgotten_why' : 'sign_in.why', { label: forgotten?.label ?? '' })),
    onIos() && !standalone() && !known.length ? h('p', { class: 'note' }, t('sign_in.ios')) : '',
    h('div', null, h('label', { for: 'code' }, t('sign_in.code')), field, h('p', { id: 'code-hint', class: 'muted small' }, t('sign_in.code_hint'))),
    said, button,
    known.length && !again ? h('a', { class: 'button quiet wide', href: '#/today', 'data-act': 'to-lock' }, t('sign_in.to_lock')) : '',
  );
  entering(box, button);
  return box;
}

function pinStep(known, given, account = '') {
  const { person } = given;
  const here = known.find(({ id }) => id === person.id);
  const taken = known.filter(({ id }) => id !== person.id).map(({ label: used }) => used);
  const said = h('p', { class: 'refusal', role: 'alert', id: 'said' });
  const pin = (name, label) => h('div', null, h('label', { for: name }, label),
    h('input', { type: 'password', id: name, 'data-part': name, inputMode: 'numeric', autocomplete: 'new-password', maxLength: 32, 'aria-describedby': 'pin-hint said' }));
  const first = pin('pin', t('sign_in.pin'));
  const second = pin('pin-again', t('sign_in.pin_again'));
  const label = h('input', { type: 'text', id: 'label', 'data-part': 'label', value: here?.label ?? free(initials(person.name), taken), maxLength: 4, autocomplete: 'off', 'aria-describedby': 'label-hint' });
  const set = async () => {
    const [one, two] = [first, second].map((part) => part.querySelector('input'));
    said.textContent = '';
    if (taken.includes(label.value.trim())) return refuse(label, said, t('sign_in.label_taken'));
    if (one.value.length < SHORTEST_PIN) return refuse(one, said, t('sign_in.pin_short', { n: SHORTEST_PIN }));
    if (simplePin(one.value)) return refuse(one, said, t('sign_in.pin_simple'));
    if (one.value !== two.value) return refuse(two, said, t('sign_in.pin_differs'));
    try {
      await settle(given, one.value, label.value.trim() || free(initials(person.name), taken));
    } catch (error) {
      said.textContent = error instanceof WrongRecoveryKey ? t('sign_in.wrong_key') : fault(error);
    }
  };
  const button = act('set-pin', t('sign_in.set_pin'), set, { class: 'primary wide' });
  const box = h(
    'section', { class: 'stack' },
    h('h1', null, t('sign_in.pin_title')),
    account && account !== person.id ? h('p', { class: 'note warn' }, t('sign_in.other', { name: person.name })) : '',
    h('p', null, t(here ? 'sign_in.welcome_back' : 'sign_in.welcome', { name: isDiscreet() ? initials(person.name) : person.name })),
    h('div', null, h('label', { for: 'label' }, t('sign_in.label')), label, h('p', { id: 'label-hint', class: 'muted small' }, t('sign_in.label_hint'))),
    first, second, h('p', { id: 'pin-hint', class: 'muted small' }, t('sign_in.pin_hint')), said, button,
  );
  entering(box, button);
  return box;
}

async function settle({ person, token, expires_at, recovery_key: recoveryKey, device }, pin, label) {
  if (isOpen()) lock();
  await begin({ id: person.id, name: person.name, label, pin, recoveryKey, device, locale: language() });
  await saveToken(token, expires_at);
  redeemed = null;
  emit('session', { signed_in: true });
  announce(t('sign_in.done'));
  location.replace('#/today');
}

function refuse(field, said, words) {
  for (const other of document.querySelectorAll('[aria-invalid]')) other.removeAttribute('aria-invalid');
  field.setAttribute('aria-invalid', 'true');
  said.textContent = typeof words === 'string' ? words : pick(words);
  field.focus();
}

function initials(name) {
  const words = name.trim().split(/[\s.@-]+/).filter(Boolean);
  return (/^[\x20-\x7e]+$/.test(name) ? words.map((word) => word[0].toUpperCase()).join('') : name.trim()).slice(0, 2) || 'A';
}

// Two people with the same initials must find themselves on the lock screen.
function free(label, taken) {
  for (let n = 2; taken.includes(label); n += 1) label = `${label.slice(0, 2)}${n}`;
  return label;
}
