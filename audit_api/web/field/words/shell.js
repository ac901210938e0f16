// Words of the screens around answering.
export default {
  'bar.none': { zh: '无待传', en: 'Nothing to send', discreet: { zh: '已同步', en: 'In sync' } },
  'bar.all': { zh: '已全部送达', en: 'All delivered', discreet: { zh: '已同步', en: 'In sync' } },
  'bar.waiting': { zh: '待传 {n}', en: '{n} to send', discreet: { zh: '待同步 {n}', en: '{n} to sync' } },
  'bar.sending': { zh: '上传中 {n}', en: 'Sending {n}', discreet: { zh: '同步中 {n}', en: 'Syncing {n}' } },
  'bar.paused': { zh: '已暂停 · 待传 {n}', en: 'Paused · {n} to send', discreet: { zh: '已暂停 · {n}', en: 'Paused · {n}' } },
  'bar.offline': { zh: '离线 · 待传 {n}', en: 'Offline · {n} to send', discreet: { zh: '离线 · {n}', en: 'Offline · {n}' } },
  'bar.problem': { zh: '{n} 份需处理', en: '{n} need you', discreet: { zh: '{n} 项需处理', en: '{n} need you' } },
  'bar.login': {
    zh: '登录已过期：请重新登录。未上传的内容都还在，登录后会继续上传。',
    en: 'Your sign-in has expired. Everything not yet sent is still here and goes on once you sign in again.',
    discreet: { zh: '登录已过期，请重新登录。内容都还在。', en: 'Your sign-in has expired. Sign in again; everything is still here.' },
  },
  'bar.sign_in': { zh: '重新登录', en: 'Sign in again' },
  'bar.update': { zh: '有新版本，填写中的内容不受影响。', en: 'A new version is ready; drafts stay as they are.', discreet: { zh: '有新版本。', en: 'A new version is ready.' } },
  'bar.update_now': { zh: '立即更新', en: 'Update now' },
};
