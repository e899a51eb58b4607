// language.js - a page's texts in Korean and English. A page has one table,
//   const TEXT = { en: { title: "Hello", count: (n) => `${n} pictures` }, ko: { ... } };
// and marks elements by data-text="title" (their text), data-label="title" (aria-label) and
// data-hint="title" (placeholder). What is chosen holds on all pages of the garden.

const KEPT = "language";

/** The language asked for by ?lang=, else the one chosen before, else the browser's. */
export function pickLanguage(texts) {
  const asked = new URLSearchParams(location.search).get("lang");
  for (const language of [asked, kept()]) if (language && Object.hasOwn(texts, language)) return language;
  return navigator.language.startsWith("ko") ? "ko" : "en";
}

/**
 * The page's texts, in the language that is chosen now. change(): called after it has changed.
 * A button with id "language" changes it; texts have "language", the name of the other one.
 */
export function speak(texts, change = () => {}) {
  const button = document.getElementById("language");
  const speech = {
    language: pickLanguage(texts),
    /** speech.say("count", 3) */
    say(name, ...values) {
      const text = texts[speech.language][name] ?? texts.en[name];
      return typeof text === "function" ? text(...values) : text;
    },
    number: (n, options) => new Intl.NumberFormat(speech.language, options).format(n),
    /** Fills in what is marked below root. */
    apply(root = document) {
      document.documentElement.lang = speech.language;
      if (button) button.textContent = speech.say("language");
      for (const [mark, put] of MARKS)
        for (const marked of root.querySelectorAll(`[data-${mark}]`)) put(marked, speech.say(marked.dataset[mark]));
    },
    choose(language) {
      speech.language = language;
      keep(language);
      speech.apply();
      change();
    },
  };
  button?.addEventListener("click", () => speech.choose(speech.language === "ko" ? "en" : "ko"));
  speech.apply();
  return speech;
}

const MARKS = [
  ["text", (marked, text) => { marked.textContent = text; }],
  ["label", (marked, text) => marked.setAttribute("aria-label", text)],
  ["hint", (marked, text) => marked.setAttribute("placeholder", text)],
];

// Storage can be full or forbidden; the page works without.
function kept() {
  try { return localStorage.getItem(KEPT); } catch { return null; }
}

function keep(language) {
  try { localStorage.setItem(KEPT, language); } catch { /* until the page is left */ }
}
