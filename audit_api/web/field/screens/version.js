// Which version of the app runs here, and looking for a newer one. Drafts outlive every update.
import { act, h } from '../core/dom.js';
import { t } from '../core/words.js';
import { appVersion } from '../core/worker.js';

export async function versionPart() {
  const said = h('p', { role: 'status', class: 'muted', 'data-part': 'version' }, await versionWords());
  return h('div', { class: 'stack' }, said, act('look-for-update', t('version.look'), () => look(said), { class: 'wide' }));
}

async function versionWords() {
  const version = await appVersion();
  return version ? t('version.kept', { version: version.slice(0, 8) }) : t('version.not_kept');
}

async function look(said) {
  const kept = await navigator.serviceWorker?.getRegistration();
  if (!kept) {
    said.textContent = t('version.not_kept');
    return;
  }
  try {
    await kept.update();
    said.textContent = kept.installing || kept.waiting ? t('version.found') : t('version.newest');
  } catch {
    said.textContent = t('fault.offline');
  }
}
