// The worst case: everything that has not reached the server in one file, to be carried to another device and sent from
// there. A ZIP that anybody can open, so whoever has it can read it: the words beside the button say so.
import { now } from '../core/clock.js';
import { t } from '../core/words.js';
import { working } from '../core/vault.js';
import words from '../words/store.js';
import { current } from './accounts.js';
import { adopt, all, checklistOf, contentOf, keepChecklist } from './drafts.js';
import { bytesOf, hashOf, keep } from './photos.js';
import { typeOf } from './picture.js';
import { BadZip, TooMuch, unzip, zip } from './zip.js';

const FORMAT = 'field-export/1';
const ENDINGS = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp', 'image/heic': 'heic' };

/** The file cannot be made or taken in; `message` says why, for people. */
export class ExportRefused extends Error {
  constructor(words) {
    super(words);
    this.name = 'ExportRefused';
  }
}

// Whoever opens the file may read either language.
const README = words['export.readme'];

const photosOf = (draft) => [...Object.values(draft.answers).flatMap(({ photos }) => photos), ...draft.retaken];

/**
 * Put every visit that is not on the server, with the original bytes of its photos, into one file.
 * @returns {Promise<Blob>} a ZIP: README.txt, export.json, visits/…/visit.json, checklists/…json, photos/<sha256>.<ending>
 * @throws {ExportRefused}
 */
export async function exportAll() {
  const person = await current();
  const drafts = (await all()).filter((draft) => !draft.practice && draft.state !== 'received');
  try {
    const file = zip();
    file.add('README.txt', `\ufeff${README.zh}\r\n\r\n${README.en}\r\n`);
    const photos = new Set();
    for (const draft of drafts) {
      const checklist = await checklistOf(draft);
      const content = draft.outgoing?.content ?? (checklist && contentOf(draft, checklist, draft.held.revision + 1));
      file.add(`visits/${draft.visit}/visit.json`, JSON.stringify({ format: FORMAT, draft, content }, null, 1));
      if (checklist) file.add(`checklists/${checklist.code}-${checklist.version}.json`, JSON.stringify(checklist));
      for (const { sha256 } of photosOf(draft)) photos.add(sha256);
    }
    const listed = [];
    for (const sha256 of photos) {
      const bytes = await bytesOf(sha256);
      const name = bytes && `photos/${sha256}.${ENDINGS[typeOf(new Uint8Array(bytes).subarray(0, 64))] ?? 'bin'}`;
      if (bytes) file.add(name, bytes);
      listed.push({ sha256, file: name, bytes: bytes?.byteLength ?? null });
    }
    const about = { format: FORMAT, exported_at: now(), device: person.device, person: { id: person.id, name: person.name }, visits: drafts.map((draft) => draft.visit), photos: listed };
    file.add('export.json', JSON.stringify(about, null, 1));
    return file.end();
  } catch (error) {
    throw error instanceof TooMuch ? new ExportRefused(t('export.large')) : error;
  }
}

/** The name of the file: it tells the day and nothing else. */
export const exportName = () => `${t('export.name')}-${now().slice(0, 10)}.zip`;

/**
 * Take an export file in, for the same person. What is here already and further on stays; taking it in twice changes nothing.
 * @param {Blob} file
 * @returns {Promise<{added: string[], kept: string[], photos: number, damaged: string[]}>} visits taken in, visits left as
 *   they are here, photos stored, photos whose bytes do not fit their name
 * @throws {ExportRefused}
 */
export async function importAll(file) {
  const entries = await opened(file);
  const about = await json(entries, 'export.json');
  if (about.format !== FORMAT) throw new ExportRefused(t('export.not_ours'));
  if (about.person?.id !== working().account) throw new ExportRefused(t('export.other_person'));
  const result = { added: [], kept: [], photos: 0, damaged: [] };
  for (const name of entries.keys()) if (/^checklists\/.+\.json$/.test(name)) await keepChecklist(await json(entries, name));
  const visits = await Promise.all(about.visits.map((visit) => json(entries, `visits/${visit}/visit.json`)));
  for (const { sha256, file: name } of about.photos) {
    if (!name) continue;
    const bytes = await entries.get(name)?.().catch(() => null);
    if (!bytes || (await hashOf(bytes)) !== sha256) result.damaged.push(sha256);
    else if (await keep(bytes.buffer, sha256)) result.photos += 1;
  }
  for (const { draft } of visits) {
    const taken = await adopt(draft, (held) => held.changed < draft.changed && !held.outgoing && held.held.revision <= draft.held.revision);
    (taken ? result.added : result.kept).push(draft.visit);
  }
  return result;
}

async function opened(file) {
  try {
    return await unzip(file);
  } catch (error) {
    throw error instanceof BadZip ? new ExportRefused(t('export.not_ours')) : error;
  }
}

async function json(entries, name) {
  try {
    return JSON.parse(new TextDecoder().decode(await entries.get(name)()));
  } catch {
    throw new ExportRefused(t('export.not_ours'));
  }
}
