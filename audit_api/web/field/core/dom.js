// Elements without a framework. Text goes in as text, never as markup: what an auditor types cannot become a script.

/**
 * Make an element. Attributes: `class`, `on<event>` functions, `data-…`/`aria-…`/`role`/`for` as attributes, false and
 * null are left out, everything else is set as a property where there is one.
 * @param {string} tag
 * @param {Object<string, any>|null} [attributes]
 * @param {...any} children nodes, texts, arrays of them; null and false are left out
 * @returns {HTMLElement}
 */
export function h(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on') && typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (name === 'class') made.className = value;
    else if (name.includes('-') || name === 'role' || name === 'for' || !(name in made)) made.setAttribute(name, value === true ? '' : String(value));
    else made[name] = value;
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * Make a button that does something; while it does, it cannot be pressed again.
 * @param {string} name stands in data-act
 * @param {any} words what is written on it
 * @param {(event: Event) => any} fn
 * @param {Object<string, any>} [more] further attributes
 */
export function act(name, words, fn, more = {}) {
  const button = h('button', { type: 'button', 'data-act': name, ...more }, words);
  button.addEventListener('click', async (event) => {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    try {
      await fn(event);
    } catch (error) {
      // Locked under the finger: the lock screen that stands there now is the answer.
      if (error?.name !== 'Locked') throw error;
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return button;
}

/** Say something to a screen reader. */
export function announce(text) {
  const live = document.getElementById('live');
  live.textContent = '';
  requestAnimationFrame(() => (live.textContent = text));
}

/** Put a screen in place of the one before, under its name, and move the focus to its heading. */
export function show(name, node) {
  document.body.dataset.screen = name;
  document.getElementById('main').replaceChildren(node);
  const heading = node.querySelector?.('h1');
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}
