// moods.js - the words of pictures' keys in both languages, and what a picture is called by its key.

export const MOODS = {
  en: {
    emotions: {
      happy: "Happy", surprised: "Surprised", calm: "Calm", angry: "Angry", fear: "Fear", confused: "Confused",
      disgusted: "Disgusted", sad: "Sad",
    },
    words: {
      "the-middle-of-the-night": "night", "the-early-dawn": "early dawn",
    },
  },
  ko: {
    emotions: {
      happy: "행복", surprised: "놀람", calm: "평온", angry: "화남", fear: "공포", confused: "혼란스러움",
      disgusted: "역겨움", sad: "슬픔",
    },
    words: {
      spring: "봄", summer: "여름", autumn: "가을", winter: "겨울", sunny: "맑음", cloudy: "흐림", rainy: "비", snowy: "눈",
      day: "낮", sunset: "해 질 녘", "the-middle-of-the-night": "한밤", "the-early-dawn": "새벽",
    },
  },
};

const KEY = /^(?:emotions|imgPool)\/([a-z]+)(?:\/([^/]+))?\/[^/]+$/;

/** "Happy, spring, sunny, day" of emotions/happy/spring,sunny,day/x.jpeg; of other keys the key. */
export function pictureName(language, key) {
  const { emotions, words } = MOODS[language] ?? MOODS.en, [, emotion, favorite = ""] = KEY.exec(key) ?? [];
  if (!emotion) return key;
  const said = favorite.split(",").filter(Boolean).map((word) => words[word] ?? word.replaceAll("-", " "));
  return [emotions[emotion] ?? emotion, ...said].join(", ");
}
