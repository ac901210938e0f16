// Starts the app.
import { phoneLanguage, setLanguage } from './core/words.js';

setLanguage(phoneLanguage());
document.body.dataset.screen = 'starting';
