// Words about keeping things on the phone.
export default {
  'store.full': {
    zh: '手机存储空间已满，这一步没有存下来；此前的内容都还在。请先上传，或删除手机里的其他文件，再试一次。',
    en: 'The phone is full: this last step was not stored; everything before it is safe. Upload what is waiting or free some space, then try again.',
  },
  'store.absent': {
    zh: '此浏览器不允许保存数据（可能是无痕窗口）。请用普通窗口打开。',
    en: 'This browser keeps no data (perhaps a private window). Open the page in an ordinary window.',
  },
  'store.wrong_pin': { zh: 'PIN 不正确。', en: 'That PIN is not right.' },
  'store.wait': { zh: '请等待 {seconds} 秒后再试。内容不会因输错而丢失。', en: 'Wait {seconds} s before the next try. Wrong PINs never delete anything.' },
  'store.wrong_recovery': {
    zh: '服务器给出的恢复密钥与本机数据不符；本机数据没有改动。',
    en: 'The recovery key from the server does not fit the data on this phone; nothing was changed.',
  },
  'store.unsent': {
    zh: '还有 {n} 份内容没有上传，现在删除就会丢失。请先上传或导出。',
    en: '{n} not yet uploaded would be lost. Upload or export first.',
  },
  'photo.empty': { zh: '这个文件是空的（0 字节）。请重新拍摄或另选一张。', en: 'This file is empty (0 bytes). Take the photo again or choose another.' },
  'photo.large': { zh: '这张照片有 {mb} MB，上限为 30 MB。请降低相机分辨率后重拍。', en: 'This photo has {mb} MB; the limit is 30 MB. Lower the camera resolution and take it again.' },
  'photo.not_a_photo': {
    zh: '这不是照片文件；可接受 JPEG、PNG、WebP、HEIC。请另选一张。',
    en: 'This is not a photo file. JPEG, PNG, WebP and HEIC are accepted: choose another.',
  },
  'photo.many': { zh: '此题已有 50 张照片，不能再加。', en: 'This item has 50 photos already; no more can be added.' },
  'photo.reason': { zh: '请写明重拍的原因。', en: 'Say why the photo is taken again.' },
  'photo.gone': { zh: '照片已在服务器上，本机不再保留原图。', en: 'The photo is on the server; the phone no longer keeps the original.' },
  'photo.no_preview': { zh: '已保存，本机无法预览', en: 'Stored; no preview here' },
};
