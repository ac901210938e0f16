// Who uses this phone: adding and switching, and signing out, which never loses anything by a slip of the thumb.
import { act, announce, h } from '../core/dom.js';
import { t } from '../core/words.js';
import { lock } from '../core/vault.js';
import { accounts, forget, setLabel } from '../data/accounts.js';
import { all } from '../data/drafts.js';
import { kick } from '../data/outbox.js';
import { exportNow } from './exporting.js';
import { fault } from './parts.js';

/** The initials of everybody on this phone; others only by switching, which needs their PIN. */
export async function peoplePart(person) {
  const people = await accounts();
  const label = h('input', { type: 'text', id: 'label', 'data-part': 'label', value: person.label, maxLength: 4, autocomplete: 'off' });
  const save = async () => {
    if (label.value.trim()) await setLabel(label.value.trim());
    announce(t('settings.saved'));
  };
  return [
    h('h1', null, t('settings.people')),
    h('p', null, t('people.why')),
    h('ul', { class: 'plain stack' }, people.map((one) => h('li', { class: 'card row apart' }, h('strong', null, one.label), one.id === person.id ? h('span', { class: 'badge good' }, t('people.here')) : ''))),
    h('div', null, h('label', { for: 'label' }, t('sign_in.label')), label),
    act('save-label', t('core.save'), save, { class: 'wide' }),
    h('hr'),
    act('switch', t('people.switch'), () => leave('#/today'), { class: 'wide' }),
    act('add-person', t('people.add'), () => leave('#/sign-in'), { class: 'wide' }),
  ];
}

function leave(where) {
  location.hash = where;
  lock();
}

/** Signing out takes everything of one person off this phone; what has not been sent stands in the way. */
export async function signOutPart(person) {
  const unsent = (await all()).filter((draft) => !draft.practice && draft.state !== 'received');
  const said = h('p', { class: 'refusal', role: 'alert' });
  const out = async (force) => {
    try {
      await forget(person.id, { force });
      location.replace('#/today');
    } catch (error) {
      said.textContent = error?.name === 'Unsent' ? t('sign_out.unsent', { n: error.count }) : fault(error);
    }
  };
  if (!unsent.length) {
    return [h('h1', null, t('settings.sign_out')), h('p', null, t('sign_out.why')), said, act('sign-out', t('settings.sign_out'), () => out(false), { class: 'danger wide' }), cancel()];
  }
  const word = t('sign_out.word');
  const field = h('input', { type: 'text', id: 'confirm', 'data-part': 'confirm', autocomplete: 'off', spellcheck: false, oninput: () => (gone.disabled = field.value.trim() !== word) });
  const gone = act('delete-unsent', t('sign_out.delete'), () => out(true), { class: 'danger wide', disabled: true });
  return [
    h('h1', null, t('settings.sign_out')),
    h('p', { class: 'note bad', 'data-part': 'unsent' }, t('sign_out.unsent', { n: unsent.length })),
    act('upload-now', t('today.upload_now'), () => kick('now').then(() => (location.hash = '#/outbox')), { class: 'primary wide' }),
    act('lock-instead', t('sign_out.lock'), () => leave('#/today'), { class: 'wide' }),
    act('export', t('core.export'), exportNow, { class: 'wide' }),
    cancel(),
    h('details', null, h('summary', null, t('sign_out.anyway')),
      h('div', { class: 'stack' }, h('p', null, t('sign_out.anyway_why', { word })), h('div', null, h('label', { for: 'confirm' }, t('sign_out.type', { word })), field), said, gone)),
  ];
}

function cancel() {
  return h('a', { class: 'button quiet wide', href: '#/settings', 'data-act': 'cancel' }, t('core.cancel'));
}
