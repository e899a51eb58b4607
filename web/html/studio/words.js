// words.js - what gardens are made of: emotions, seasons, weathers, times and animals, as keys have
// them and as people read them.

import { hue } from "/lib/flowers.js";
import { EMOTIONS, NAMES as OF_KEYS, SEASONS, TIMES, WEATHERS } from "/lib/moods.js";

export { EMOTIONS, SEASONS, TIMES, WEATHERS };
export const ANIMALS = ["none", "dog", "cat"];

/** The eight emotions' watercolours: the outer petal of each one's flower on the first page. */
export const HUES = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, hue(emotion)]));

export const NAMES = {
  en: { ...OF_KEYS.en, none: "no animal", dog: "dog", cat: "cat" },
  ko: { ...OF_KEYS.ko, none: "동물 없음", dog: "개", cat: "고양이" },
};

/** As the bulk page labels an emotion, in both languages at once. */
export const bothNames = (emotion) => `${NAMES.ko[emotion]} ${emotion.toUpperCase()}`;

/** What a favourite is called; one that is none of the 64 stays as it is. */
export function favouriteName(favourite, language) {
  return favourite.split(",").map((word) => NAMES[language][word] ?? word).join(" · ");
}

/** The 64 favourites, in the order of the coverage map. */
export const FAVOURITES = SEASONS.flatMap((season) =>
  WEATHERS.flatMap((weather) => TIMES.map((time) => `${season},${weather},${time}`)));

/** "happy/spring,sunny,day" -> ["happy", "spring,sunny,day"] */
export function splitSearchKey(key) {
  const slash = key.indexOf("/");
  return slash < 0 ? [key, ""] : [key.slice(0, slash), key.slice(slash + 1)];
}

/** Keys want a favourite in lower case; the gateway says what else it refuses. */
export const tidyFavourite = (text) => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** YYYYMMDD-HHMMSS, as the names of pictures have it. */
export function stamp(date = new Date()) {
  const two = (n) => String(n).padStart(2, "0");
  return `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}-` +
    `${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

export const poolFolder = (emotion, favourite) => `imgPool/${emotion}${favourite ? `/${favourite}` : ""}`;
