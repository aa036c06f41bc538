// Without a network a page that is opened is the offline page. Nothing else is kept: balances must never be stale.
const CACHE = "laurel-offline-1";
const OFFLINE = "/offline.html";
const KEPT = [OFFLINE, "/offline.css", "/offline.js"];

self.addEventListener("install", (event) => {
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)));
    self.skipWaiting();
});

self.addEventListener("activate", (event) => {
    event.waitUntil(
        caches
            .keys()
            .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)))),
    );
    self.clients.claim();
});

self.addEventListener("fetch", (event) => {
    const { mode, url } = event.request;
    if (mode !== "navigate" && !KEPT.includes(new URL(url).pathname)) return;
    event.respondWith(fetch(event.request).catch(() => caches.match(mode === "navigate" ? OFFLINE : event.request)));
});
