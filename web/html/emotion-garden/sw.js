// sw.js - lets the kiosk open and go on without a network: its own files, and pictures that were
// kept. What the network has is always taken first; what it answers is not judged here.

const SHELL = "kiosk-shell";
const HERE = "/html/emotion-garden/", PAGE = `${HERE}emotion-garden.html`;
const FILES = [
  PAGE, ...["kiosk.css", "kiosk.js", "texts.js", "look.js", "mood.js", "favourite.js", "scene.js", "garden.js", "gardens.js", "mine.js", "outbox.js", "idle.js"].map((name) => HERE + name),
  ..."api dom flowers language moods qr".split(" ").map((name) => `/lib/${name}.js`), "/garden.css", "/icon.svg",
];
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (FILES.includes(pathname)) event.respondWith(fresh(event, pathname));
  else if (pathname.startsWith("/emotions/")) event.respondWith(fresh(event, null));
});

// From the network, else what was kept; keepAs: the path to keep it under.
async function fresh(event, keepAs) {
  const asked = fetch(event.request).then(async (answer) => {
    if (keepAs && answer.ok) {
      const copy = answer.clone();
      event.waitUntil(caches.open(SHELL).then((cache) => cache.put(keepAs, copy)).catch(() => {}));
    }
    return answer;
  });
  asked.catch(() => {}); // who waits for it hears of it
  try {
    return await Promise.race([asked, patience()]);
  } catch {
    return await caches.match(event.request, { ignoreSearch: true, ignoreVary: true }) ?? asked;
  }
}

const patience = () => new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));
