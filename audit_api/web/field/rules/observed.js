// What the rules take, out of what a draft holds: {item: {value, comment, photos}}.
// Mirrors audit_api/domain/evidence_rules.py.
import { itemsById } from './items.js';

/** Give stored values by item; the value of a photo item is the list of its photos' hashes. */
export function answersOf(checklist, observed) {
  const items = itemsById(checklist);
  return Object.fromEntries(Object.entries(observed).map(([id, { value = null, photos }]) => {
    const named = value === null && items.get(id)?.type === 'photo' && photos?.length ? photos.map((photo) => photo.sha256) : value;
    return [id, named];
  }));
}

/** Give the comments by item. */
export function commentsOf(observed) {
  return Object.fromEntries(Object.entries(observed).filter(([, { comment }]) => comment).map(([id, { comment }]) => [id, comment]));
}

/** Give the number of photos by item. */
export function photoCounts(observed) {
  return Object.fromEntries(Object.entries(observed).map(([id, { photos }]) => [id, photos?.length ?? 0]));
}
