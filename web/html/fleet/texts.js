// texts.js - what the fleet view says, in both languages.

export const TEXT = {
  en: {
    language: "한국어", page: "Screens of the garden", looking: "Looking along the walls…",
    lead: (live, all) => all === 0 ? "No screen has told of itself yet. Open the display page on one." : live === all ? (all === 1 ? "The one screen shows what it should." : `All ${all} screens show what they should.`) : `${live} of ${all} screens show what they should.`,
    open: "Open the display page", filters: "Filters", state: "State", all: "All", live: "Live", stale: "Stale", dark: "Dark", zone: "Zone", everyZone: "All zones", search: "Search", searchHint: "screen or zone",
    zones: "Zones", noZones: "Nobody has chosen for a wall yet.", screens: "Screens", noScreens: "No screen fits.", more: (n) => `${n} more: narrow the filter to see them.`,
    version: (n) => `version ${n}`, since: "since", from: "from", ambient: "Nobody has chosen: the ambient garden.", h: "Landscape", v: "Portrait", none: "no picture",
    columns: { state: "State", screen: "Screen", zone: "Zone", place: "Place", shows: "Shows", should: "Should show", version: "Version", seen: "Last heard", clock: "Clock" },
    oneOf: (n) => n === 0 ? "as it likes" : `one of its ${n}`, nothing: "nothing", unknown: "another picture", for: (text) => `for ${text}`, ago: (text) => `${text} ago`,
    inStep: "in step", ahead: (text) => `${text} ahead`, behind: (text) => `${text} behind`,
    withdrawOf: (name) => `Withdraw everywhere: ${name}`, ask: (name) => `Withdraw “${name}” everywhere?`,
    askZones: (names) => names.length ? `It leaves the walls at once: ${names.join(", ")}.` : "No zone shows it now.", trash: "Also move it to the trash, so that it does not come back from the garden", cancel: "Keep it", confirm: "Withdraw everywhere",
    withdrawals: "Withdrawals", told: (n, all) => all === 0 ? "No screen showed it." : n === all ? `All ${all} screens have let go of it.` : `${n} of ${all} screens have let go of it.`, waits: (names) => `Waiting for ${names}`, andMore: (n) => `and ${n} more`,
    failed: (why) => `It could not be withdrawn: ${why}`, untrashed: (why) => `It is off the walls, but not in the trash: ${why}`,
    plays: "Recently shown", noPlays: "Nothing has been told of yet.", played: { time: "When", picture: "Picture", zone: "Zone", screen: "Screen", length: "How long" },
    locked: "Screens and withdrawals are for operators. Log in, then come back to this page. ", login: "Log in", lost: "The garden does not answer. Trying again…",
  },
  ko: {
    language: "English", page: "정원의 화면들", looking: "벽을 따라 살펴보는 중…",
    lead: (live, all) => all === 0 ? "아직 소식을 알린 화면이 없어요. 화면에서 전시 페이지를 열어 주세요." : live === all ? `화면 ${all}대가 모두 제 그림을 보여 주고 있어요.` : `화면 ${all}대 가운데 ${live}대가 제 그림을 보여 주고 있어요.`,
    open: "전시 페이지 열기", filters: "거르기", state: "상태", all: "전체", live: "정상", stale: "뒤처짐", dark: "끊김", zone: "구역", everyZone: "모든 구역", search: "찾기", searchHint: "화면 또는 구역",
    zones: "구역", noZones: "아직 아무도 벽을 고르지 않았어요.", screens: "화면", noScreens: "맞는 화면이 없어요.", more: (n) => `${n}대가 더 있어요. 거르기를 좁혀 보세요.`,
    version: (n) => `버전 ${n}`, since: "적용", from: "예정", ambient: "아직 고른 사람이 없어 머무는 정원이 보여요.", h: "가로", v: "세로", none: "그림 없음",
    columns: { state: "상태", screen: "화면", zone: "구역", place: "자리", shows: "보여 주는 그림", should: "보여 줄 그림", version: "버전", seen: "마지막 소식", clock: "시계" },
    oneOf: (n) => n === 0 ? "자유롭게" : `${n}점 가운데 하나`, nothing: "없음", unknown: "다른 그림", for: (text) => `${text} 동안`, ago: (text) => `${text} 전`,
    inStep: "맞음", ahead: (text) => `${text} 빠름`, behind: (text) => `${text} 늦음`,
    withdrawOf: (name) => `모든 곳에서 내리기: ${name}`, ask: (name) => `“${name}” 그림을 모든 곳에서 내릴까요?`,
    askZones: (names) => names.length ? `곧바로 벽에서 내려가요: ${names.join(", ")}` : "지금 보여 주는 구역이 없어요.", trash: "정원에서 다시 나오지 않도록 휴지통으로도 옮기기", cancel: "그대로 두기", confirm: "모든 곳에서 내리기",
    withdrawals: "내린 그림", told: (n, all) => all === 0 ? "보여 주던 화면이 없었어요." : n === all ? `화면 ${all}대가 모두 내렸어요.` : `화면 ${all}대 가운데 ${n}대가 내렸어요.`, waits: (names) => `기다리는 화면: ${names}`, andMore: (n) => `외 ${n}대`,
    failed: (why) => `내리지 못했어요: ${why}`, untrashed: (why) => `벽에서는 내렸지만 휴지통으로 옮기지 못했어요: ${why}`,
    plays: "최근에 보여 준 그림", noPlays: "아직 알려 온 것이 없어요.", played: { time: "언제", picture: "그림", zone: "구역", screen: "화면", length: "얼마나" },
    locked: "화면과 내리기는 운영자만 볼 수 있어요. 로그인한 뒤 이 페이지로 돌아와 주세요. ", login: "로그인", lost: "정원이 응답하지 않아요. 다시 시도하는 중…",
  },
};

/** A length of time in its two largest units. */
export function span(speech, ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const first = Math.max(0, units.findIndex(([size]) => seconds >= size)), shown = [];
  let left = seconds;
  for (const [size, unit] of seconds < 1 ? [units[3]] : units.slice(first, seconds >= 600 || first > 2 ? first + 2 : first + 1)) {
    const n = Math.floor(left / size);
    if (n || !shown.length) shown.push(speech.number(n, { style: "unit", unit, unitDisplay: "short" }));
    left -= n * size;
  }
  return shown.join(" ");
}
