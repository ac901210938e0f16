// The receipt of a visit: what the server says it has, signed. To be kept, shown, or saved as a file.
import { act, h } from '../core/dom.js';
import { offer } from '../core/offer.js';
import { isDiscreet, t } from '../core/words.js';
import { load } from '../data/drafts.js';
import { badge, moment } from './parts.js';

/** @param {{visit: string}} params */
export async function open({ visit }) {
  const draft = await load(visit);
  const receipt = draft?.receipt;
  if (!receipt) return h('section', { class: 'stack' }, h('h1', null, t('receipt.none')), h('p', null, t('receipt.none_why')), h('a', { class: 'button', href: '#/outbox' }, t('outbox.title')));
  const save = () => offer(new Blob([JSON.stringify(receipt, null, 1)], { type: 'application/json' }), `receipt-${visit.slice(0, 8)}.json`);
  return h(
    'section', { class: 'stack' },
    h('h1', null, t('receipt.title')),
    h('p', null, badge(t('state.received'), 'good')),
    h('dl', { class: 'facts' }, [
      [t('receipt.at'), moment(receipt.server_time)],
      [t('receipt.revision'), receipt.revision],
      [t('receipt.photos'), receipt.photos.length],
      [t('receipt.hash'), receipt.content_hash],
      [t('receipt.key'), receipt.key_id],
    ].map(([name, value]) => [h('dt', null, name), h('dd', { class: 'number' }, String(value))])),
    h('p', { class: 'muted small' }, t('receipt.meaning')),
    receipt.photos.length > 0 && h('details', null, h('summary', null, t('receipt.list')), h('ol', null, receipt.photos.map(({ item, sha256, received_at: at }) => h('li', { class: 'small number' },
      `${isDiscreet() ? '' : `${item} · `}${moment(at)} · ${sha256.slice(0, 16)}…`)))),
    act('save-receipt', t('receipt.save'), save, { class: 'wide' }),
    draft.receipts?.length > 0 && h('p', { class: 'muted small' }, t('receipt.earlier', { n: draft.receipts.length })),
  );
}
