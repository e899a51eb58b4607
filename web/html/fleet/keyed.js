// keyed.js - draws a list again and touches only what has changed, so that focus, selection and
// pictures stay where they are.

/** name(item): what it is; make(item): its element, made again where the item has changed. */
export function drawKeyed(parent, items, name, make) {
  const before = new Map(Array.from(parent.children, (node) => [node.dataset.name, node]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const named = name(item), mark = JSON.stringify(item), known = before.get(named);
    let node = known;
    if (known?.mark !== mark) {
      node = make(item);
      node.dataset.name = named;
      node.mark = mark;
      if (known) {
        const focus = known.contains(document.activeElement) ? document.activeElement.dataset.what : null;
        if (at === known) at = known.nextElementSibling;
        known.replaceWith(node);
        if (focus) Array.from(node.querySelectorAll("[data-what]")).find((one) => one.dataset.what === focus)?.focus();
      }
    }
    before.delete(named);
    if (node !== at) {
      if (node.nextElementSibling !== at || node.parentNode !== parent) parent.insertBefore(node, at);
    } else {
      at = at.nextElementSibling;
    }
  }
  for (const node of before.values()) node.remove();
}

/** Has everything drawn again, e.g. in another language. */
export const forget = (parent) => parent.replaceChildren();
