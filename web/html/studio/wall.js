// wall.js - a wall of cards of which only those near the window are in the page. The browser's own
// scrolling moves it; arrow keys go from card to card.

import { element } from "/lib/dom.js";
import { layOut, leftOf, neighbour, rowsBetween } from "/html/studio/flow.js";

const GAP = 14, BEYOND = 0.75; // so many windows above and below are kept ready

/**
 * root: the element, a listbox. makeCard(card, i): what is seen of it; dressCard(made, card): what of
 * that may change; shareOf(card): its width over its height; onMove(i): another card is the current one.
 */
export function makeWall(root, { makeCard, dressCard, shareOf, wanted, onMove = () => {} }) {
  const wall = { cards: [], current: 0 }, shown = new Map();
  let plan = layOut([], { width: 1, wanted: 1, gap: GAP }), queued = false;

  wall.set = (cards, keep) => {
    wall.cards = cards;
    const found = keep === undefined ? 0 : cards.findIndex((card) => card.id === keep);
    wall.current = Math.min(Math.max(0, found), Math.max(0, cards.length - 1));
    wall.relay();
  };
  wall.relay = () => {
    plan = layOut(wall.cards.map(shareOf), { width: root.clientWidth || 1, wanted: wanted(), gap: GAP });
    root.style.height = `${Math.ceil(plan.height)}px`;
    root.hidden = wall.cards.length === 0;
    for (const row of shown.values()) row.remove();
    shown.clear();
    draw();
  };
  wall.refresh = () => {
    for (const [r, row] of shown)
      for (const [k, made] of [...row.children].entries()) dressCard(made, wall.cards[plan.rows[r].first + k]);
  };
  wall.move = (i, focus = true) => {
    if (i < 0 || i >= wall.cards.length) return;
    wall.current = i;
    reveal(i);
    draw();
    point();
    if (focus && document.activeElement !== root) root.focus({ preventScroll: true });
    onMove(i);
  };
  wall.step = (key) => {
    const last = wall.cards.length - 1;
    const to = { ArrowLeft: wall.current - 1, ArrowRight: wall.current + 1, Home: 0, End: last };
    if (key === "ArrowUp") wall.move(neighbour(plan, wall.current, -1, GAP));
    else if (key === "ArrowDown") wall.move(neighbour(plan, wall.current, 1, GAP));
    else if (key in to) wall.move(Math.min(last, Math.max(0, to[key])));
    else return false;
    return true;
  };

  function draw() {
    queued = false;
    const top = root.getBoundingClientRect().top, view = innerHeight;
    const [from, to] = rowsBetween(plan.rows, -top - view * BEYOND, -top + view * (1 + BEYOND));
    for (const [r, row] of shown)
      if (r < from || r >= to) {
        row.remove();
        shown.delete(r);
      }
    for (let r = from; r < to; r++) if (!shown.has(r)) showRow(r);
    point();
  }

  // Rows lie in the order of the cards, for readers that go through the page.
  function showRow(r) {
    const row = element("div", { class: "wall-row", role: "none" });
    row.style.transform = `translateY(${plan.rows[r].top}px)`;
    row.style.height = `${plan.rows[r].height}px`;
    fillRow(r, row);
    shown.set(r, row);
    const after = [...shown.keys()].filter((other) => other > r).sort((a, b) => a - b)[0];
    root.insertBefore(row, after === undefined ? null : shown.get(after));
  }

  function fillRow(r, row) {
    const { first, widths } = plan.rows[r];
    row.replaceChildren(...widths.map((width, k) => {
      const i = first + k, made = makeCard(wall.cards[i], i);
      dressCard(made, wall.cards[i]);
      made.id = `card-${i}`;
      made.setAttribute("role", "option");
      made.setAttribute("aria-setsize", wall.cards.length);
      made.setAttribute("aria-posinset", i + 1);
      made.style.left = `${leftOf(plan.rows[r], k, GAP)}px`;
      made.style.width = `${width}px`;
      return made;
    }));
    point();
  }

  function point() {
    for (const old of root.querySelectorAll(".current")) if (old.id !== `card-${wall.current}`) old.classList.remove("current");
    const now = document.getElementById(`card-${wall.current}`);
    now?.classList.add("current");
    if (now) root.setAttribute("aria-activedescendant", now.id);
    else root.removeAttribute("aria-activedescendant");
  }

  function reveal(i) {
    const row = plan.rows[plan.rowOf[i]], top = root.getBoundingClientRect().top + row.top;
    const { above, under } = edges();
    if (top < above) scrollBy({ top: top - above - GAP, behavior: "instant" });
    else if (top + row.height > innerHeight - under) scrollBy({ top: top + row.height - innerHeight + under + GAP, behavior: "instant" });
  }

  const edges = () => ({ above: 8, under: document.querySelector(".acts-bar")?.offsetHeight ?? 8 });
  const queue = () => {
    if (!queued) requestAnimationFrame(draw);
    queued = true;
  };
  addEventListener("scroll", queue, { passive: true });
  let across = 0;
  new ResizeObserver(() => {
    if (root.clientWidth !== across && !root.hidden) {
      across = root.clientWidth;
      wall.relay();
    }
  }).observe(root);
  return wall;
}
