// The rules of a checklist, on the phone as on the server: pure functions of the checklist's document and the answers.
export { bounds, checkAnswer, checkAnswers, LONGEST_COMMENT, LONGEST_NARRATIVE, LONGEST_TEXT, MOST_PHOTOS } from './answers.js';
export { coverage, isSettled, keptAnswers, progress } from './coverage.js';
export { beginFollowUps, marked, openUntil, outstanding } from './follow_ups.js';
export { characters, isAdverse, isAnswered, isNotApplicable, itemsById, itemsOf, NOT_APPLICABLE } from './items.js';
export { answersOf, commentsOf, photoCounts } from './observed.js';
export { itemsIn, visibleItems } from './relevance.js';
export { distanceMetres, photosNeeded, positionOf, standings } from './requirement.js';
export { changedItems, notAsked } from './returned.js';
