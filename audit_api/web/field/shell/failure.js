// What is shown when a screen could not be: words, a way on, and a way to save the data. Never a blank page.
import { act, h } from '../core/dom.js';
import { t } from '../core/words.js';

/**
 * @param {unknown} error
 * @param {() => any} again
 * @returns {HTMLElement}
 */
export function failureScreen(error, again) {
  const full = error?.name === 'StorageFull' || error?.name === 'QuotaExceededError';
  const said = h('p', { class: 'small', role: 'status' });
  return h(
    'section', { class: 'stack' },
    h('h1', null, t('core.failed')),
    h('p', { class: full ? 'note bad' : '' }, t(full ? 'core.full' : 'core.failed_why')),
    act('retry', t('core.retry'), again, { class: 'primary wide' }),
    act('export', t('core.export'), () => exportNow(said), { class: 'wide' }),
    act('reload', t('core.reload'), () => location.reload(), { class: 'wide' }),
    h('a', { class: 'button quiet wide', href: '#/today', 'data-act': 'today' }, t('core.today')),
    said,
    h('details', null, h('summary', null, t('core.detail')), h('p', { class: 'small muted' }, `${error?.name ?? ''} ${error?.message ?? error}`)),
  );
}

async function exportNow(said) {
  try {
    const { exportNow: all } = await import('../screens/exporting.js');
    await all();
  } catch (error) {
    said.textContent = `${t('core.failed')} (${error?.message ?? error})`;
  }
}
