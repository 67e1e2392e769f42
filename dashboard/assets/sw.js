/* The service worker. The line before this names the version, its files and its pages (offline.py writes it).
   Scripts and styles of this version come from its own cache; pages always from the network first, else the copy that
   their reader kept, else the page that says what can be read. Nothing here keeps a page: pages do (offline.js). */
"use strict";
const BASE = "shell-" + SHELL.version;
const FILES = new Set(SHELL.files);
const PATIENCE = 10000; // ms until a copy stands in for a page that does not come
const READER = "reader"; // which language the last page was in

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(BASE).then(function (cache) { return cache.addAll(SHELL.files); }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  event.waitUntil((async function () {
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== BASE) await caches.delete(name);
    if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", function (event) {
  const request = event.request;
  const address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (!address.pathname.startsWith("/api/")) event.respondWith(page(event, address));
  } else if (request.method === "POST" && address.pathname === "/_dash-update-component") {
    event.respondWith(fetch(request).catch(function () { return new Response("{}", { headers: { "Content-Type": "application/json", "X-Unreachable": "1" } }); }));
  } else if (request.method === "GET" && FILES.has(address.pathname + address.search)) {
    event.respondWith(caches.match(request, { cacheName: BASE }).then(function (kept) { return kept || fetch(request); }));
  } else if (request.method === "GET" && address.pathname === "/assets/all.css") {
    // A copy of an older version asks for its older styles.
    event.respondWith(fetch(request).catch(function () { return caches.match(request, { cacheName: BASE, ignoreSearch: true }).then(gone); }));
  }
});

async function page(event, address) {
  if (event.request.method === "POST" && address.pathname === "/logout") await wipe();
  const network = (async function () { return (await event.preloadResponse) || (await fetch(event.request)); })();
  const reads = event.request.method === "GET";
  try {
    // A network that neither answers nor breaks off is one to wait for only where nothing was kept.
    return await (reads ? Promise.race([network, late(address, network)]) : network);
  } catch (_) {
    return (reads && (await copy(address))) || (await unreachable());
  }
}

async function late(address, network) {
  await new Promise(function (done) { setTimeout(done, PATIENCE); });
  return (await copy(address)) || network;
}

async function copy(address) {
  const wanted = (address.pathname === "/" ? "/home" : address.pathname) + address.search;
  for (const name of await caches.keys()) {
    if (!name.startsWith("copies-")) continue;
    const cache = await caches.open(name);
    const kept = await cache.match(wanted);
    if (!kept) continue;
    if (Date.now() - Number(kept.headers.get("X-Opened-At")) < SHELL.days * 86400000) return kept;
    await cache.delete(wanted);
  }
  return null;
}

async function unreachable() {
  const said = await caches.match("/reader", { cacheName: READER });
  const language = said ? await said.text() : "zh";
  return gone(await caches.match(SHELL.pages[language] || SHELL.pages.zh, { cacheName: BASE }));
}

async function wipe() {
  for (const name of await caches.keys()) if (name.startsWith("copies-")) await caches.delete(name);
}

function gone(answer) {
  return answer || Response.error();
}
