// moods.js - the words of pictures' keys, in the contract's order, and what they are called in
// both languages.

export const EMOTIONS = ["happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad"];
export const SEASONS = ["spring", "summer", "autumn", "winter"];
export const WEATHERS = ["sunny", "cloudy", "rainy", "snowy"];
export const TIMES = ["day", "sunset", "the-middle-of-the-night", "the-early-dawn"];

export const NAMES = {
  en: {
    happy: "Happy", surprised: "Surprised", calm: "Calm", angry: "Angry", fear: "Fear", confused: "Confused",
    disgusted: "Disgusted", sad: "Sad", spring: "spring", summer: "summer", autumn: "autumn", winter: "winter",
    sunny: "sunny", cloudy: "cloudy", rainy: "rainy", snowy: "snowy", day: "day", sunset: "sunset",
    "the-middle-of-the-night": "midnight", "the-early-dawn": "dawn",
  },
  ko: {
    happy: "행복", surprised: "놀람", calm: "평온", angry: "화남", fear: "공포", confused: "혼란스러움",
    disgusted: "역겨움", sad: "슬픔", spring: "봄", summer: "여름", autumn: "가을", winter: "겨울",
    sunny: "맑음", cloudy: "흐림", rainy: "비", snowy: "눈", day: "낮", sunset: "노을",
    "the-middle-of-the-night": "한밤", "the-early-dawn": "새벽",
  },
};

const KEY = /^(?:emotions|imgPool)\/([a-z]+)(?:\/([^/]+))?\/[^/]+$/;

/** "Happy, spring, sunny, day" of emotions/happy/spring,sunny,day/x.jpeg; of other keys the key. */
export function pictureName(language, key) {
  const names = NAMES[language] ?? NAMES.en, [, emotion, favorite = ""] = KEY.exec(key) ?? [];
  if (!emotion) return key;
  const said = favorite.split(",").filter(Boolean).map((word) => names[word] ?? word.replaceAll("-", " "));
  return [names[emotion] ?? emotion, ...said].join(", ");
}
