// large.js - one card, large: both its pictures side by side, and what they were drawn from.

import { objectPath } from "/lib/api.js";
import { element } from "/lib/dom.js";
import { parseRecipe, recipeInside } from "/html/studio/recipe.js";
import { favouriteName } from "/html/studio/words.js";

/** keys(event): what keys do on the page, they do here. acts: [text's name, what it does], for fingers. */
export function makeLarge(studio, { keys, acts, onClose }) {
  const stage = element("div", { class: "stage" }), label = element("div", { class: "label" });
  const buttons = element("div", { class: "large-acts" }, ...acts.map(([name, act]) => element("button", { type: "button", "data-text": name, onclick: act })));
  const close = element("button", { type: "button", class: "cross", onclick: () => dialog.close() }, "✕");
  const dialog = element("dialog", { class: "large" }, close, stage, label, buttons);
  let shown = null;

  dialog.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      if (event.target.closest("button")) return;
      event.preventDefault();
      dialog.close();
    } else keys(event);
  });
  dialog.addEventListener("close", onClose);
  document.body.append(dialog);

  async function show(card, verdict) {
    const again = shown === card && dialog.open;
    shown = card;
    close.setAttribute("aria-label", studio.say("close"));
    dialog.setAttribute("aria-label", nameOf(card));
    dialog.dataset.verdict = verdict ?? "";
    studio.speech.apply(buttons);
    if (again) return;
    stage.replaceChildren(...card.items.map((item) => element("img", { src: objectPath(item.key), alt: nameOf(card), width: item.width || null, height: item.height || null })));
    label.replaceChildren(element("b", {}, nameOf(card)), ...card.items.map((item) => element("span", { class: "quiet" }, `${item.key.split("/").pop()}  ${item.width}×${item.height}`)));
    if (!dialog.open) dialog.showModal();
    const recipe = await readRecipe(card.items[0]);
    if (recipe && shown === card) label.append(element("p", { class: "recipe" }, recipe.prompt),
      element("span", { class: "quiet" }, [recipe.seed === undefined ? "" : studio.say("seedOf", recipe.seed), recipe.scheduler ?? ""].filter(Boolean).join(" · ")));
  }

  const nameOf = (card) => [studio.name(card.emotion), card.favourite && favouriteName(card.favourite, studio.speech.language)].filter(Boolean).join(", ");
  return { show, get open() { return dialog.open; } };
}

async function readRecipe(item) {
  try {
    const text = recipeInside(await (await fetch(objectPath(item.key))).arrayBuffer());
    return text && parseRecipe(text);
  } catch {
    return null;
  }
}
