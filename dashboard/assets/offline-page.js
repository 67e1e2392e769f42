/* The page that is shown without a network: which pages have left a copy, newest first. */
(async function () {
  "use strict";
  const said = JSON.parse(document.getElementById("said").textContent);
  document.getElementById("retry").addEventListener("click", function () { location.reload(); });
  window.addEventListener("online", function () { location.reload(); });
  const theme = document.cookie.match(/(?:^|; )theme=(light|dark)/);
  if (theme) document.documentElement.dataset.theme = theme[1];
  const list = document.getElementById("copies");
  const found = [];
  for (const name of self.caches ? await caches.keys() : []) {
    if (!name.startsWith("copies-")) continue;
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request);
      const at = Number(answer.headers.get("X-Opened-At"));
      const address = new URL(request.url);
      found.push({ at: at, title: decodeURIComponent(answer.headers.get("X-Title") || ""), href: address.pathname + address.search });
    }
  }
  found.sort(function (a, b) { return b.at - a.at; });
  found.forEach(function (copy) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = copy.href;
    link.textContent = copy.title || copy.href;
    const when = document.createElement("span");
    when.className = "quiet";
    when.textContent = said.opened.replace("{time}", new Date(copy.at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }));
    item.append(link, " ", when);
    list.append(item);
  });
  if (!found.length) {
    const none = document.createElement("li");
    none.className = "quiet";
    none.textContent = said.none;
    list.append(none);
  }
})();
