// What a file is by its first bytes, and small pictures of big ones: one at a time, so that 40 photos need no more memory than one.
import { t } from '../core/words.js';

export const LARGEST = 30_000_000;
const EDGE = 320;
const HEIC = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1']);

const latin = (bytes) => String.fromCharCode(...bytes);

/** Name the format by its first bytes, as the server does (evidence/containers.py); null for what is not accepted. */
export function typeOf(head) {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'image/jpeg';
  if (latin(head.subarray(0, 8)) === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (latin(head.subarray(0, 4)) === 'RIFF' && latin(head.subarray(8, 12)) === 'WEBP') return 'image/webp';
  if (latin(head.subarray(4, 8)) === 'ftyp' && HEIC.has(latin(head.subarray(8, 12)))) {
    return latin(head.subarray(16)).includes('avif') ? null : 'image/heic';
  }
  return null;
}

/** Read the type of a file. */
export async function typeOfFile(file) {
  return typeOf(new Uint8Array(await file.slice(0, 64).arrayBuffer()));
}

/**
 * Say in words why a file is not taken; null where it is. Its name and what the browser calls it count for nothing.
 * @param {Blob} file
 * @returns {Promise<string|null>}
 */
export async function refuse(file) {
  if (!file.size) return t('photo.empty');
  if (file.size > LARGEST) return t('photo.large', { mb: Math.ceil(file.size / 1e6) });
  return (await typeOfFile(file)) ? null : t('photo.not_a_photo');
}

async function decoded(blob) {
  try {
    return await createImageBitmap(blob, { resizeWidth: EDGE, resizeQuality: 'medium' });
  } catch {
    // Safari shows HEIC in an <img> where createImageBitmap does not read it.
    const url = URL.createObjectURL(blob);
    try {
      const image = new Image();
      image.src = url;
      await image.decode();
      return image;
    } finally {
      URL.revokeObjectURL(url);
    }
  }
}

function neutral(canvas, type) {
  [canvas.width, canvas.height] = [EDGE, (EDGE * 3) / 4];
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#8a929a';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#ffffff';
  pen.font = '600 40px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.fillText(type.replace('image/', '').toUpperCase(), canvas.width / 2, canvas.height / 2);
  pen.font = '22px system-ui, sans-serif';
  pen.fillText(t('photo.no_preview'), canvas.width / 2, canvas.height / 2 + 44);
}

let queue = Promise.resolve();

/**
 * Make a small picture; a neutral one where the browser cannot show this kind (HEIC outside Safari) or it is broken.
 * @param {Blob} blob
 * @param {string} type
 * @returns {Promise<{jpeg: Blob, neutral: boolean}>}
 */
export function small(blob, type) {
  const made = queue.then(async () => {
    const canvas = document.createElement('canvas');
    let blank = false;
    try {
      const picture = await decoded(blob);
      const [width, height] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
      const scale = Math.min(1, EDGE / Math.max(width, height));
      [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
      canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close?.();
    } catch {
      blank = true;
      neutral(canvas, type);
    }
    const jpeg = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.7));
    canvas.width = canvas.height = 0;
    return { jpeg, neutral: blank };
  });
  queue = made.catch(() => {});
  return made;
}
