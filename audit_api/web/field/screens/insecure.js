// Where the app cannot work as it was opened: without a secure connection, or inside WeChat's own browser.
import { act, h } from '../core/dom.js';
import { chooseLanguage } from '../core/look.js';
import { language, t } from '../core/words.js';

/** @param {{reason: 'insecure'|'wechat'}} params */
export async function open({ reason }) {
  const tongue = language() === 'zh' ? 'en' : 'zh';
  const secure = `https://${location.hostname}${location.pathname}`;
  const copy = h('p', { class: 'muted', role: 'status' });
  return h(
    'section', { class: 'stack', 'data-reason': reason },
    h('h1', null, t(`insecure.${reason}`)),
    reason === 'wechat' ? wechat(copy) : plain(secure),
    copy,
    act('language', t('core.language'), () => chooseLanguage(tongue), { class: 'quiet', lang: tongue === 'zh' ? 'zh-CN' : 'en' }),
  );
}

function plain(secure) {
  return [
    h('p', null, t('insecure.why')),
    h('h2', null, t('insecure.auditor')),
    h('p', null, t('insecure.auditor_how')),
    h('p', null, h('a', { href: secure, 'data-act': 'https' }, secure)),
    h('h2', null, t('insecure.operator')),
    h('p', null, t('insecure.operator_how')),
    h('p', null, h('code', null, `make demo HTTPS=1 HOST=${location.hostname}`)),
    h('p', { class: 'muted' }, t('insecure.operator_then')),
  ];
}

function wechat(said) {
  const address = location.href;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = t('insecure.copied');
    } catch {
      said.textContent = t('insecure.not_copied');
    }
  };
  return [
    h('p', null, t('insecure.wechat_why')),
    h('ol', null, h('li', null, t('insecure.wechat_1')), h('li', null, t('insecure.wechat_2')), h('li', null, t('insecure.wechat_3'))),
    h('label', { for: 'address' }, t('insecure.address')),
    h('input', { id: 'address', type: 'text', readOnly: true, value: address, onfocus: ({ target }) => target.select() }),
    act('copy', t('insecure.copy'), copy, { class: 'primary wide' }),
  ];
}
