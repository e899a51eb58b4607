// words.js - what gardens are made of: emotions, seasons, weathers, times and animals, as keys have
// them and as people read them.

export const EMOTIONS = ["happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad"];
export const SEASONS = ["spring", "summer", "autumn", "winter"];
export const WEATHERS = ["sunny", "cloudy", "rainy", "snowy"];
export const TIMES = ["day", "sunset", "the-middle-of-the-night", "the-early-dawn"];
export const ANIMALS = ["none", "dog", "cat"];

/** The eight emotions' watercolours: the outer petal of each one's flower on the first page. */
export const HUES = {
  happy: "#f2b632", surprised: "#f0826a", calm: "#5fa9a6", angry: "#c4283a",
  fear: "#5b4a86", confused: "#b773b4", disgusted: "#8ea63f", sad: "#4c77b8",
};

export const NAMES = {
  en: {
    happy: "Happy", surprised: "Surprised", calm: "Calm", angry: "Angry", fear: "Fear", confused: "Confused",
    disgusted: "Disgusted", sad: "Sad", spring: "spring", summer: "summer", autumn: "autumn", winter: "winter",
    sunny: "sunny", cloudy: "cloudy", rainy: "rainy", snowy: "snowy", day: "day", sunset: "sunset",
    "the-middle-of-the-night": "midnight", "the-early-dawn": "dawn", none: "no animal", dog: "dog", cat: "cat",
  },
  ko: {
    happy: "행복", surprised: "놀람", calm: "평온", angry: "화남", fear: "공포", confused: "혼란스러움",
    disgusted: "역겨움", sad: "슬픔", spring: "봄", summer: "여름", autumn: "가을", winter: "겨울",
    sunny: "맑음", cloudy: "흐림", rainy: "비", snowy: "눈", day: "낮", sunset: "노을",
    "the-middle-of-the-night": "한밤", "the-early-dawn": "새벽", none: "동물 없음", dog: "개", cat: "고양이",
  },
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
