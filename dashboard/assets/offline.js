/* Reading what was opened while there is no network, and keeping what was typed until it is sent.

   A page that may be kept (the server says which) leaves a copy of what stands on the screen, without scripts and with
   its forms shut, in a cache of the person who is signed in; signing out, or anybody else's page, wipes it. */
(function () {
  "use strict";
  const MOST = 60;
  const WEEK = 7 * 86400000;
  const able = "caches" in window && "serviceWorker" in navigator && window.isSecureContext;
  let started = false;
  let later = 0;

  document.addEventListener("budgetwatch:ready", function (event) {
    const data = event.detail;
    restore();
    if (!able) return;
    window.clearTimeout(later);
    whenIdle(function () { begin(data); });
    // Charts come after the page; the copy is made again with them.
    if (data.keep) later = window.setTimeout(function () { keep(data); }, 3000);
  });

  function whenIdle(deed) {
    if (window.requestIdleCallback) window.requestIdleCallback(deed, { timeout: 2000 });
    else window.setTimeout(deed, 200);
  }

  async function begin(data) {
    if (!started) {
      started = true;
      navigator.serviceWorker.register("/sw.js").catch(function () { /* without it, all works but reading offline */ });
    }
    await wipe(data.person);
    const reader = await caches.open("reader");
    await reader.put("/reader", new Response({ "zh-Hans": "zh" }[data.lang] || data.lang));
    if (data.keep) await keep(data);
  }

  async function wipe(but) {
    for (const name of await caches.keys()) if (name.startsWith("copies-") && name !== "copies-" + but) await caches.delete(name);
  }

  async function keep(data) {
    if (!data.person || document.documentElement.dataset.person !== data.person || data.path !== location.pathname) return;
    const address = location.pathname + location.search;
    const cache = await caches.open("copies-" + data.person);
    await cache.put(address, new Response(copy(), {
      headers: {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'self'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'",
        "X-Opened-At": String(Date.now()), "X-Title": encodeURIComponent(document.title.split(" · ")[0]),
      },
    }));
    const kept = [];
    for (const request of await cache.keys()) kept.push([Number((await cache.match(request)).headers.get("X-Opened-At")), request]);
    kept.sort(function (a, b) { return b[0] - a[0]; });
    for (const [at, request] of kept) if (Date.now() - at > WEEK || kept.indexOf(kept.find(function (k) { return k[1] === request; })) >= MOST) await cache.delete(request);
  }

  // What stands on the screen, as a page of its own.
  function copy() {
    const words = window.budgetwatch.words();
    const root = document.documentElement;
    const shell = document.querySelector(".shell").cloneNode(true);
    shell.querySelectorAll("dialog, script, #notice, .skip-link").forEach(function (e) { e.remove(); });
    shell.querySelectorAll("form:not([action='/logout']) :is(input, select, textarea, button), [data-preference]").forEach(function (e) {
      e.setAttribute("disabled", "");
      if (e.closest("[data-deed]") && e.tagName === "BUTTON") e.setAttribute("title", words.off);
    });
    shell.querySelectorAll("option").forEach(function (e) {
      const list = e.closest("select");
      e.toggleAttribute("selected", Boolean(list && list.dataset.value === e.value));
    });
    const strip = document.createElement("div");
    strip.className = "offline-strip";
    strip.id = "offline";
    strip.setAttribute("role", "status");
    const when = new Date().toLocaleString(root.lang, { dateStyle: "medium", timeStyle: "short" });
    const link = document.createElement("a");
    link.href = location.pathname + location.search;
    link.textContent = words.again;
    strip.append(words.copy.replace("{time}", when), " ", link);
    shell.querySelector("#page").before(strip);
    const head = document.createElement("head");
    document.head.querySelectorAll("meta, link, style, title").forEach(function (e) { head.append(e.cloneNode(true)); });
    return "<!DOCTYPE html><html lang=\"" + root.lang + "\" data-theme=\"" + root.dataset.theme + "\" data-copy=\"\">" + head.outerHTML + "<body>" + shell.outerHTML + "</body></html>";
  }

  window.budgetwatch.kept = async function (address) {
    if (!able || !navigator.serviceWorker.controller) return false;
    for (const name of await caches.keys()) if (name.startsWith("copies-") && (await (await caches.open(name)).match(address))) return true;
    return false;
  };

  /* ── drafts: what is typed into a form that does something, until it is sent ───────────────────── */

  const DRAFT = "draft:";
  function nameOf(field) {
    return DRAFT + location.pathname + location.search + "#" + (field.id || field.name);
  }

  document.addEventListener("input", function (event) {
    const field = event.target;
    if (field.tagName !== "TEXTAREA" || !field.form || !field.form.dataset.deed) return;
    try {
      if (field.value) sessionStorage.setItem(nameOf(field), field.value);
      else sessionStorage.removeItem(nameOf(field));
    } catch (_) { /* full, or not allowed: then it is as it always was */ }
  });

  function restore() {
    document.querySelectorAll("form[data-deed] textarea").forEach(function (field) {
      const kept = sessionStorage.getItem(nameOf(field));
      if (!kept || field.value) return;
      Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, kept);
      field.title = window.budgetwatch.words().draft;
    });
  }

  // A deed was done: the page that it was done on has no drafts any more.
  let sentFrom = null;
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.deed) sentFrom = DRAFT + location.pathname + location.search + "#";
    else if (event.target.getAttribute("action") === "/logout") { sessionStorage.clear(); if (able) wipe(""); }
  }, true);

  document.addEventListener("budgetwatch:done", forget);
  function forget() {
    if (!sentFrom) return;
    Object.keys(sessionStorage).forEach(function (name) { if (name.startsWith(sentFrom)) sessionStorage.removeItem(name); });
    sentFrom = null;
  }
})();
