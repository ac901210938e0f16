// Words about keeping things on the phone.
export default {
  'store.full': {
    zh: '手机存储空间已满，这一步没有存下来；此前的内容都还在。请先上传，或删除手机里的其他文件，再试一次。',
    en: 'The phone is full: this last step was not stored; everything before it is safe. Upload what is waiting or free some space, then try again.',
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
  'export.name': { zh: '日程', en: 'planner' },
  'export.readme': {
    zh: '本文件含手机上尚未送达服务器的走访记录和照片原图，未加密，请妥善保管。\r\n如何使用：在电脑浏览器中打开同一个应用，用同一人的账号登录，在“设置”中选“导入”，选择本文件，然后上传。重复导入不会产生重复记录。\r\nvisits 文件夹：每次走访一个 visit.json；photos 文件夹：照片原图，文件名是其 SHA-256；checklists 文件夹：所用检查表。',
    en: 'This file holds visits and original photos that have not reached the server. It is not encrypted: keep it safe.\r\nTo use it: open the same app in a browser on a computer, sign in as the same person, choose Import under Settings, pick this file, then upload. Importing it twice creates nothing twice.\r\nvisits: one visit.json each; photos: the originals, named by their SHA-256; checklists: those used.',
  },
  'export.large': { zh: '内容超过 4 GB，一个文件装不下。请先上传一部分。', en: 'This is more than the 4 GB one file can hold. Upload some of it first.' },
  'export.not_ours': { zh: '这不是本应用导出的文件，或文件不完整。请重新传送原文件。', en: 'This is not a file exported by this app, or it is not whole. Transfer the original file again.' },
  'export.other_person': { zh: '这个文件属于另一个人；请用那个人的账号登录后再导入。', en: 'This file belongs to another person. Sign in as that person to import it.' },
};
