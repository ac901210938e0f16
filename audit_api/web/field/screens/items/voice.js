// Speech into text where the browser can. No sound is kept, here or anywhere of ours; in discreet mode there is none of it.
import { act, announce, h } from '../../core/dom.js';
import { icon } from '../../core/icons.js';
import { isDiscreet, language, t } from '../../core/words.js';

const engine = () => globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
let running = null;

/** Give the button that writes what is spoken to the end of a field, or null. */
export function voiceButton(field) {
  if (!engine() || isDiscreet()) return null;
  const said = h('span', { class: 'small', role: 'status' });
  const button = act('voice', [icon('mic'), h('span', null, t('answer.voice'))], () => (running?.field === field ? stopVoice() : begin()), {
    class: 'quiet', 'aria-pressed': 'false', title: t('answer.voice_how'),
  });
  const ended = (words = '') => {
    button.setAttribute('aria-pressed', 'false');
    said.textContent = words;
    if (running?.field === field) running = null;
  };
  const begin = () => {
    stopVoice();
    const hearing = new (engine())();
    Object.assign(hearing, { lang: language() === 'zh' ? 'zh-CN' : 'en-US', continuous: true, interimResults: true });
    hearing.onresult = ({ results, resultIndex }) => {
      let heard = '';
      for (const result of [...results].slice(resultIndex)) {
        if (result.isFinal) write(field, result[0].transcript);
        else heard += result[0].transcript;
      }
      said.textContent = heard || t('answer.voice_listens');
    };
    hearing.onerror = ({ error }) => {
      const known = ['not-allowed', 'service-not-allowed', 'network', 'no-speech', 'audio-capture'].includes(error);
      hearing.words = error === 'aborted' ? '' : t(`answer.voice_${known ? error : 'failed'}`);
    };
    hearing.onend = () => ended(hearing.words ?? '');
    running = { field, hearing };
    hearing.start();
    button.setAttribute('aria-pressed', 'true');
    said.textContent = t('answer.voice_listens');
    announce(t('answer.voice_listens'));
  };
  return h('div', { class: 'row voice' }, button, said);
}

/** Stop listening: the screen is left, or another field is spoken to. */
export function stopVoice() {
  running?.hearing.stop();
  running = null;
}

function write(field, words) {
  const gap = !field.value || /\s$/.test(field.value) || language() === 'zh' ? '' : ' ';
  field.value += gap + words.trim();
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
