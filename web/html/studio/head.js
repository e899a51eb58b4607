// head.js - what every page of the studio has: the head with its tabs, the strip that asks for a
// key, the line where troubles are said, and notices that go by.

import { ask, get } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { speak } from "/lib/language.js";
import { NAMES } from "/html/studio/words.js";

const TABS = [
  ["try", "/html/text2image.html"], ["bulk", "/html/pool/bulk/bulk.html"],
  ["table", "/html/prompt-generator/prompt-generator-v2.html"], ["pool", "/html/pool/preview/preview.html"],
  ["garden", "/html/viewer/viewer.html"], ["coverage", "/html/studio/coverage.html"],
];

const COMMON = {
  en: {
    language: "한국어", tabs: "Studio", tabtry: "Try a prompt", tabbulk: "Bulk", tabtable: "Prompt table", tabpool: "Pool",
    tabgarden: "Garden", tabcoverage: "Coverage", gateWhy: "Drawing and changing pictures takes the operator's key.",
    gateKey: "Operator's key", gateEnter: "Enter", gateFailed: "This key does not fit. Check it, wait a moment, and try again.",
    entered: "Welcome in.", lost: "The garden does not answer. Check that it runs and that this device is on its network, then try again.",
    later: "Nothing was lost: try again in a moment.", locked: "Enter the operator's key above, then do it again.",
    close: "Close", names: NAMES.en,
  },
  ko: {
    language: "English", tabs: "화실", tabtry: "프롬프트 시험", tabbulk: "한꺼번에", tabtable: "프롬프트 표", tabpool: "풀",
    tabgarden: "정원", tabcoverage: "분포도", gateWhy: "그림을 그리거나 바꾸려면 운영자 열쇠가 필요해요.",
    gateKey: "운영자 열쇠", gateEnter: "들어가기", gateFailed: "이 열쇠로는 열리지 않아요. 확인하고 잠시 뒤 다시 해 주세요.",
    entered: "들어오셨어요.", lost: "정원이 응답하지 않아요. 정원이 켜져 있는지, 이 기기가 같은 네트워크에 있는지 확인하고 다시 해 주세요.",
    later: "잃어버린 것은 없어요. 잠시 뒤 다시 해 주세요.", locked: "위에 운영자 열쇠를 넣고 다시 해 주세요.",
    close: "닫기", names: NAMES.ko,
  },
};

const NOTICE_MS = 6000;

/**
 * Fills the page's head. page: its tab; texts: as language.js has them, with a title; change(): the
 * language is another; entered(): the operator's key has been given.
 */
export function openStudio({ page, texts, change = () => {}, entered = () => {} }) {
  buildHead(page);
  const merged = { en: { ...COMMON.en, ...texts.en }, ko: { ...COMMON.ko, ...texts.ko } };
  const entitle = () => { document.title = `${speech.say("title")} · My Emotion Gardens`; };
  const speech = speak(merged, () => { entitle(); change(); });
  entitle();
  const studio = {
    speech, say: speech.say, number: speech.number,
    name: (word) => speech.say("names")[word] ?? word,
    /** Says an error in the garden's own words, and what to do; null: all is well again. */
    trouble: (error) => showTrouble(speech, error),
    notice: (text, ...buttons) => showNotice(text, buttons),
    explain: (error) => explain(speech, error),
  };
  byId("gate-form").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(studio, entered);
  });
  checkKey();
  return studio;
}

function buildHead(page) {
  const tabs = TABS.map(([name, href]) => element("li", {},
    element("a", { href, "data-text": `tab${name}`, "aria-current": name === page ? "page" : null })));
  document.body.prepend(
    element("header", { class: "top" },
      element("a", { class: "seal", href: "/", lang: "ko" }, "화실"),
      element("p", { class: "studio-name" }, element("span", { lang: "ko" }, "감정 정원의 화실"), " ",
        element("span", { lang: "en" }, "The gardens’ studio")),
      element("button", { id: "language", type: "button" })),
    element("nav", { class: "tabs", "data-label": "tabs" }, element("ul", {}, ...tabs)),
    element("aside", { id: "gate", class: "strip", hidden: true, "data-label": "gateKey" },
      element("p", { "data-text": "gateWhy" }),
      element("form", { id: "gate-form" },
        element("label", { for: "gate-key", "data-text": "gateKey" }),
        element("input", { id: "gate-key", type: "password", required: true, autocomplete: "current-password", spellcheck: "false" }),
        element("button", { type: "submit", class: "do", "data-text": "gateEnter" })),
      element("p", { id: "gate-failed", role: "alert", hidden: true, "data-text": "gateFailed" })),
    element("p", { id: "trouble", class: "trouble", role: "alert", hidden: true }));
  document.body.append(element("div", { id: "notice", role: "status" }));
}

async function checkKey() {
  try { await get("/v1/generations?limit=1"); } catch (error) { byId("gate").hidden = !error.locked; }
}

async function enter(studio, entered) {
  const form = new Blob([new URLSearchParams({ key: byId("gate-key").value }).toString()], { type: "application/x-www-form-urlencoded" });
  byId("gate-failed").hidden = true;
  try {
    await ask("POST", "/login", form);
    byId("gate").hidden = true;
    byId("gate-key").value = "";
    studio.trouble(null);
    studio.notice(studio.say("entered"));
    entered();
  } catch (error) {
    if (error.locked || error.status === 429) byId("gate-failed").hidden = false;
    else studio.trouble(error);
  }
}

function explain(speech, error) {
  if (error.status === 0) return speech.say("lost");
  const detail = error.message ?? String(error);
  if (error.locked) return `${detail} – ${speech.say("locked")}`;
  return error.passes && error.status !== 500 ? `${detail} – ${speech.say("later")}` : detail;
}

function showTrouble(speech, error) {
  byId("trouble").hidden = !error;
  byId("trouble").textContent = error ? explain(speech, error) : "";
  if (error?.locked) byId("gate").hidden = false;
  if (error && byId("trouble").getBoundingClientRect().top < 0) byId("trouble").scrollIntoView({ block: "center" });
}

function showNotice(text, buttons) {
  const note = element("p", {}, text, ...buttons);
  byId("notice").replaceChildren(note);
  setTimeout(() => note.remove(), NOTICE_MS);
}

/** Copies to the clipboard; where that is refused, text is shown to be copied by hand. */
export async function copyText(studio, text, done) {
  try {
    await navigator.clipboard.writeText(text);
    studio.notice(done);
  } catch {
    const area = element("textarea", { readonly: true, rows: 8, "aria-label": studio.say("copyByHand") });
    area.value = text;
    const dialog = element("dialog", { class: "by-hand" }, element("p", {}, studio.say("copyByHand")), area,
      element("button", { type: "button", onclick: () => dialog.close() }, studio.say("close")));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    area.select();
  }
}

/** Options of a <select>, with their names in the language that is chosen now. */
export function fillOptions(select, values, nameOf) {
  const chosen = select.value;
  select.replaceChildren(...values.map((value) => element("option", { value }, nameOf(value))));
  if (values.includes(chosen)) select.value = chosen;
}

/** Storage can be full or forbidden; pages work without. */
export const kept = {
  read(name) {
    try { return JSON.parse(localStorage.getItem(`studio.${name}`)); } catch { return null; }
  },
  write(name, value) {
    try { localStorage.setItem(`studio.${name}`, JSON.stringify(value)); } catch { /* until the page is left */ }
  },
  drop(name) {
    try { localStorage.removeItem(`studio.${name}`); } catch { /* nothing is kept */ }
  },
};
