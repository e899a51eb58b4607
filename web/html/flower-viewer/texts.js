// texts.js - what the display page says, in both languages.

const LABEL = /^emotions\/([a-z]+)(?:\/([^/]+))?\//;

export const TEXT = {
  en: {
    language: "한국어", page: "A window of the garden", title: "A window of the garden",
    lead: "This screen becomes one of the pictures on the wall. Tell it where it hangs.",
    zone: "Zone", zoneHint: "a name for the wall", zoneChips: "Zones", place: "Place on the wall", placeOf: (n) => `Place ${n}`,
    orientation: "This screen hangs", h: "landscape", v: "portrait", period: "A picture stays for", seconds: "seconds",
    full: "Full screen", start: "Start the screen", countdown: (n) => `Starts by itself in ${n} s, as before.`,
    needZone: "The wall needs a name: choose a zone or write one.", badZone: "A zone is named by 1 to 64 letters, digits, '.', '_' or '-', without spaces.",
    locked: "This garden asks for a key before it tells of its zones. ", login: "Log in",
    chosen: (n) => `${n} on the wall`, stage: "The picture on this wall",
    keys: "i: this card, f: full screen, s: set up again", none: "–",
    status: { zone: "Zone", place: "Place", version: "Version shown", next: "Version known", line: "Connection", changed: "Last change", clock: "This machine's clock", memory: "Pictures in memory", waiting: "Plays not told of", screen: "Screen", trouble: "Trouble" },
    ways: { stream: "live stream", wait: "long poll", ask: "asking now and then" }, lost: "no connection, going on from what is kept", needsKey: "the garden asks for a key: open /login on this screen",
    ahead: (s) => s === 0 ? "right" : s > 0 ? `${s} s ahead, corrected` : `${-s} s behind, corrected`,
    full_disk: "no room to keep pictures: goes on from memory", wrong: (key) => `${key} is not what it should be and is not shown`,
    insecure: "pictures cannot be kept or checked here: open this page by https", ambient: "ambient garden",
    emotions: { happy: "Happy", surprised: "Surprised", calm: "Calm", angry: "Angry", fear: "Fear", confused: "Confused", disgusted: "Disgusted", sad: "Sad" },
    words: {},
  },
  ko: {
    language: "English", page: "정원의 창", title: "정원의 창",
    lead: "이 화면은 벽에 걸린 그림 하나가 됩니다. 어디에 걸려 있는지 알려 주세요.",
    zone: "구역", zoneHint: "벽의 이름", zoneChips: "구역 목록", place: "벽에서의 자리", placeOf: (n) => `${n}번 자리`,
    orientation: "화면 방향", h: "가로", v: "세로", period: "그림 한 점이 머무는 시간", seconds: "초",
    full: "전체 화면", start: "화면 시작", countdown: (n) => `${n}초 뒤 지난번처럼 저절로 시작해요.`,
    needZone: "벽에 이름이 필요해요. 구역을 고르거나 적어 주세요.", badZone: "구역 이름은 영문자, 숫자, '.', '_', '-' 로 1~64자까지 띄어쓰기 없이 적어 주세요.",
    locked: "구역을 보려면 이 정원의 열쇠가 필요해요. ", login: "로그인",
    chosen: (n) => `그림 ${n}점`, stage: "이 벽의 그림",
    keys: "i: 이 카드, f: 전체 화면, s: 다시 설정", none: "–",
    status: { zone: "구역", place: "자리", version: "보여 주는 버전", next: "알려진 버전", line: "연결", changed: "마지막 변경", clock: "이 기기의 시계", memory: "메모리의 그림", waiting: "아직 알리지 못한 재생", screen: "화면", trouble: "문제" },
    ways: { stream: "실시간", wait: "긴 기다림", ask: "가끔 물어보기" }, lost: "연결이 없어 간직한 그림으로 이어 가요", needsKey: "열쇠가 필요해요. 이 화면에서 /login 을 열어 주세요",
    ahead: (s) => s === 0 ? "정확해요" : s > 0 ? `${s}초 빨라서 맞춰 쓰고 있어요` : `${-s}초 늦어서 맞춰 쓰고 있어요`,
    full_disk: "저장 공간이 없어 메모리의 그림으로 이어 가요", wrong: (key) => `${key} 은(는) 원래 그림과 달라서 보여 주지 않아요`,
    insecure: "여기서는 그림을 간직하거나 확인할 수 없어요. https 로 열어 주세요", ambient: "머무는 정원",
    emotions: { happy: "행복", surprised: "놀람", calm: "평온", angry: "화남", fear: "공포", confused: "혼란스러움", disgusted: "역겨움", sad: "슬픔" },
    words: { spring: "봄", summer: "여름", autumn: "가을", winter: "겨울", sunny: "맑음", cloudy: "흐림", rainy: "비", snowy: "눈", day: "낮", sunset: "해 질 녘", "the-middle-of-the-night": "한밤", "the-early-dawn": "새벽" },
  },
};

/** What a picture is called, by its key. */
export function label(speech, key) {
  const [, emotion, favorite = ""] = LABEL.exec(key) ?? [];
  const words = favorite.split(",").filter(Boolean).map((word) => speech.say("words")[word] ?? word.replaceAll("-", " "));
  return [speech.say("emotions")[emotion] ?? speech.say("stage"), ...words].join(", ");
}
