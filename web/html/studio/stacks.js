// stacks.js - pictures to cards: a landscape and its portrait are one, and what looks the same lies
// in a stack of which the first is seen.

import { distance, NEAR } from "/html/studio/look.js";
import { splitSearchKey } from "/html/studio/words.js";

const ENDING = /[hv](\.[a-z]+)$/;

/**
 * A card: { id, items: [landscape, portrait] or one, emotion, favourite, stack: cards below it }.
 * Their order is that of the items.
 */
export function makeCards(items, paired) {
  const byId = new Map();
  for (const item of items) {
    const id = paired ? item.key.replace(ENDING, "$1") : item.key;
    const card = byId.get(id);
    if (card && card.items.length === 1 && card.items[0].orientation !== item.orientation) {
      card.items.push(item);
      card.items.sort((a, b) => a.orientation < b.orientation ? -1 : 1);
    } else {
      const [emotion, favourite] = splitSearchKey(item.emotion);
      byId.set(card ? item.key : id, { id: card ? item.key : id, items: [item], emotion, favourite, stack: [] });
    }
  }
  return [...byId.values()];
}

/**
 * looks: Map of lookKey to a look. Cards of one emotion and favourite that look alike or are the same
 * bytes lie in one stack: the first is left, the others are in its stack.
 */
export function makeStacks(cards, looks) {
  const tops = new Map(), left = [];
  for (const card of cards) {
    const shelf = `${card.emotion}/${card.favourite}/${card.items.map((item) => item.orientation[0]).join("")}`;
    const above = tops.get(shelf) ?? [];
    const top = above.find((other) => isSame(other, card, looks));
    card.stack = [];
    if (top) top.stack.push(card);
    else {
      above.push(card);
      tops.set(shelf, above);
      left.push(card);
    }
  }
  return left;
}

export const lookKey = (item) => item.sha256 ?? item.key;

function isSame(a, b, looks) {
  return a.items.every((item, i) => isNear(item, b.items[i], looks));
}

function isNear(a, b, looks) {
  if (a.sha256 && a.sha256 === b.sha256) return true;
  const one = looks.get(lookKey(a)), two = looks.get(lookKey(b));
  return Boolean(one && two && distance(one, two) <= NEAR);
}
