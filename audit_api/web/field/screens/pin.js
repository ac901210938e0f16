// Choosing another PIN.
import { act, announce, h } from '../core/dom.js';
import { t } from '../core/words.js';
import { changePin, WrongPin } from '../core/vault.js';
import { entering, fault, simplePin, SHORTEST_PIN } from './parts.js';

export function pinPart() {
  const said = h('p', { class: 'refusal', role: 'alert', id: 'said' });
  const field = (name, label) => h('input', { type: 'password', id: name, 'data-part': name, inputMode: 'numeric', autocomplete: 'off', maxLength: 32, 'aria-label': label, 'aria-describedby': 'said' });
  const [old, wanted, again] = [field('pin-old', t('pin.old')), field('pin', t('pin.new')), field('pin-again', t('sign_in.pin_again'))];
  const go = async () => {
    said.textContent = '';
    if (wanted.value.length < SHORTEST_PIN) said.textContent = t('sign_in.pin_short', { n: SHORTEST_PIN });
    else if (simplePin(wanted.value)) said.textContent = t('sign_in.pin_simple');
    else if (wanted.value !== again.value) said.textContent = t('sign_in.pin_differs');
    if (said.textContent) return;
    try {
      await changePin(old.value, wanted.value);
      announce(t('pin.changed'));
      location.replace('#/settings');
    } catch (error) {
      said.textContent = error instanceof WrongPin ? (error.seconds ? t('lock.wait', { n: error.seconds }) : t('lock.wrong')) : fault(error);
    }
  };
  const button = act('set-pin', t('pin.change'), go, { class: 'primary wide' });
  const labelled = (input) => h('div', null, h('label', { for: input.id }, input.getAttribute('aria-label')), input);
  const box = h('div', { class: 'stack' }, h('h1', null, t('settings.change_pin')), labelled(old), labelled(wanted), labelled(again), said, button);
  entering(box, button);
  return box;
}
