// sw.js - lets a screen start without a network: the page and its modules come from the garden
// where it answers in time, else from here. Pictures and manifests are kept by the page (vault.js).

const SHELL = "garden-viewer-shell", PATIENCE_MS = 4000;
const HERE = "/html/flower-viewer/";
const PAGE = `${HERE}flower-viewer-v2.html`;
const FILES = [
  PAGE, "/garden.css", "/icon.svg", "/lib/api.js", "/lib/dom.js", "/lib/language.js", "/lib/moods.js",
  ...["viewer.css", "viewer.js", "ambient.js", "beats.js", "clock.js", "follow.js", "ground.js", "pictures.js", "programme.js",
    "screen.js", "setup.js", "stage.js", "status.js", "stream.js", "texts.js", "vault.js"].map((name) => HERE + name),
];

// Without room the screen lives by its network.
async function keepShell() {
  try {
    const shell = await caches.open(SHELL);
    await shell.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
  }
}

async function answer(event, file) {
  try {
    const answer = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.ok) event.waitUntil(refresh(file, answer.clone()));
    if (answer.status < 500) return answer;
  } catch { /* no network, or one that hangs */ }
  return await caches.match(file, { cacheName: SHELL }) ?? Response.error();
}

async function refresh(file, answer) {
  try { await (await caches.open(SHELL)).put(file, answer); } catch { /* the older one stays */ }
}

self.addEventListener("install", (event) => event.waitUntil(keepShell().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === location.origin && FILES.includes(pathname))
    event.respondWith(answer(event, pathname));
});
