// review-texts.js - the texts of the pages where pictures are looked through.

const EN = {
  emotion: "Emotion", favourite: "Favourite", favouriteHint: "any, or e.g. spring,sunny,day", orientation: "Orientation", start: "Start", number: "Number of images", numberHint: "all",
  show: "Show", showall: "all", shownew: "not yet in the garden", showopen: "unjudged", showpick: "picked", showreject: "rejected", pairs: "As pairs", stacks: "Stack look-alikes",
  every: "every", both: "both", landscape: "landscape", portrait: "portrait", pair: "pair", pick: "picked", reject: "rejected", stackOf: (n) => `stack of ${n}`,
  sum: (n, complete) => `${n.toLocaleString("en")} ${n === 1 ? "picture" : "pictures"}${complete ? "" : " so far…"}`, picked: (n) => `${n} picked`, rejected: (n) => `${n} rejected`,
  promote: (n) => n ? `Promote ${n}` : "Promote", remove: (n) => n ? `Remove ${n}` : "Remove", undo: "Undo", trash: "Trash", help: "Keys",
  promoted: (n) => `${n} ${n === 1 ? "blooms" : "bloom"} in the garden now.`, removed: (n) => `${n} moved to the trash.`, removing: (n) => `${n} moved…`, undone: "Undone.",
  some: (n, key, why) => `${n} could not be done. The first: ${key}: ${why}`, blooms: "in the garden", none: "Nothing here fits. Choose other filters, or have some drawn.",
  looking: (n, of) => `· Looking at ${n} of ${of}`, stacked: (n) => `· ${n} ${n === 1 ? "stack" : "stacks"}`, seedOf: (n) => `seed ${n}`, inTrash: (n) => `${n} in the trash`, restore: "Restore", restoreAll: "Restore all",
  restored: (n) => `${n} brought back.`, doPick: "Pick", doReject: "Reject", doLarge: "Large", before: "Before", next: "Next", filters: "What is shown", bar: "What is done",
  keyArrows: "from picture to picture", keyPick: "pick, or take it back", keyReject: "reject, or take it back", keyUndo: "undo the last step, also a promotion or a removal",
  keyLarge: "large view", keyStack: "open or close a stack", keyBest: "keep this of its stack, reject the others", keyHelp: "this help", wall: "Pictures",
};
const KO = {
  emotion: "감정", favourite: "취향", favouriteHint: "모두, 또는 spring,sunny,day", orientation: "방향", start: "시작", number: "그림 수", numberHint: "모두",
  show: "보기", showall: "모두", shownew: "정원에 없는 것", showopen: "아직 고르지 않은 것", showpick: "고른 것", showreject: "뺀 것", pairs: "쌍으로", stacks: "닮은 그림 겹치기",
  every: "모두", both: "모두", landscape: "가로", portrait: "세로", pair: "한 쌍", pick: "고름", reject: "뺌", stackOf: (n) => `${n}점 겹침`,
  sum: (n, complete) => complete ? `그림 ${n.toLocaleString("ko")}점` : `지금까지 ${n.toLocaleString("ko")}점…`, picked: (n) => `${n}점 고름`, rejected: (n) => `${n}점 뺌`,
  promote: (n) => n ? `${n}점 정원으로` : "정원으로", remove: (n) => n ? `${n}점 삭제` : "삭제", undo: "되돌리기", trash: "휴지통", help: "단축키",
  promoted: (n) => `${n}점이 정원에 피었어요.`, removed: (n) => `${n}점을 휴지통으로 옮겼어요.`, removing: (n) => `${n}점 옮기는 중…`, undone: "되돌렸어요.",
  some: (n, key, why) => `${n}점은 하지 못했어요. 첫 번째: ${key}: ${why}`, blooms: "정원에 있음", none: "맞는 그림이 없어요. 다른 조건을 고르거나 그림을 그려 주세요.",
  looking: (n, of) => `· ${of}점 중 ${n}점 살펴보는 중`, stacked: (n) => `· ${n}묶음`, seedOf: (n) => `시드 ${n}`, inTrash: (n) => `휴지통에 ${n}점`, restore: "되살리기", restoreAll: "모두 되살리기",
  restored: (n) => `${n}점이 돌아왔어요.`, doPick: "고르기", doReject: "빼기", doLarge: "크게", before: "이전", next: "다음", filters: "무엇을 볼까요", bar: "무엇을 할까요",
  keyArrows: "그림 사이를 오가기", keyPick: "고르기, 다시 누르면 취소", keyReject: "빼기, 다시 누르면 취소", keyUndo: "마지막 일 되돌리기 (정원으로, 삭제도)",
  keyLarge: "크게 보기", keyStack: "묶음 펴기·접기", keyBest: "묶음에서 이것만 남기고 나머지 빼기", keyHelp: "이 도움말", wall: "그림",
};

export const TEXT = {
  pool: { en: { ...EN, title: "Pool", lead: "What was drawn and waits. Pick what should bloom." }, ko: { ...KO, title: "풀", lead: "그려져서 기다리는 그림들. 피어날 그림을 골라 주세요." } },
  garden: { en: { ...EN, title: "Garden", lead: "What blooms. Take out what should not." }, ko: { ...KO, title: "정원", lead: "피어 있는 그림들. 어울리지 않는 것은 빼 주세요." } },
};
