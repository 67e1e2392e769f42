/* Habits: search from anywhere, single keys, remembered filters, messages of this session, the first tour.
   Words, pages and steps come from the server (#habits); what is remembered stays on this device, by person. */
(function () {
  "use strict";
  const root = document.documentElement;

  // ── ground ──────────────────────────────────────────────────────────────────────────────────────────────────
  let read = "", known = null;
  function ground() {
    const box = document.getElementById("habits");
    const text = box ? box.dataset.habits : "";
    if (text !== read) { read = text; known = text ? JSON.parse(text) : null; }
    return known;
  }
  function say(name, values) {
    let sentence = (ground() && ground().words[name]) || "";
    Object.entries(values || {}).forEach(function (pair) { sentence = sentence.replace("{" + pair[0] + "}", pair[1]); });
    return sentence;
  }
  function el(tag, attributes, children) {
    const made = document.createElement(tag);
    Object.entries(attributes || {}).forEach(function (pair) {
      if (pair[0] === "text") made.textContent = pair[1];
      else if (pair[1] !== null && pair[1] !== false) made.setAttribute(pair[0], pair[1] === true ? "" : pair[1]);
    });
    (children || []).forEach(function (child) { if (child) made.append(child); });
    return made;
  }
  // A browser may refuse to store anything: then nothing is remembered, and nothing else suffers.
  const PREFIX = "budgetwatch:";
  function key(name) { return PREFIX + (ground() ? ground().user : "") + ":" + name; }
  function recall(store, name, otherwise) {
    try { return JSON.parse(store.getItem(key(name))) || otherwise; } catch (_) { return otherwise; }
  }
  function remember(store, name, value) {
    try {
      if (value === null) store.removeItem(key(name)); else store.setItem(key(name), JSON.stringify(value));
    } catch (_) { /* see above */ }
  }
  function forgetAll() {
    [localStorage, sessionStorage].forEach(function (store) {
      try {
        Object.keys(store).filter(function (k) { return k.startsWith(PREFIX) && !k.endsWith(":keys"); })
          .forEach(function (k) { store.removeItem(k); });
      } catch (_) { /* see above */ }
    });
  }
  document.addEventListener("submit", function (event) { // signing out leaves nothing behind
    if (event.target.getAttribute("action") === "/logout") forgetAll();
  });

  /** Go to an address of ours the way a click on a link does. */
  function visit(address) {
    const link = el("a", { href: address, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
  }
  function seen(node) { return Boolean(node && node.getClientRects().length); }
  /** Of several selectors the first that finds something to be seen. */
  function first(selectors) {
    return selectors.split(",").flatMap(function (one) { return Array.from(document.querySelectorAll(one)); }).find(seen) || null;
  }
  function typing(node) { return Boolean(node && node.closest("input, textarea, select, [contenteditable='true']")); }

  // ── search ──────────────────────────────────────────────────────────────────────────────────────────────────
  let palette = null;

  function openPalette() {
    if (!ground()) return;
    if (palette) { palette.input.focus(); return; }
    palette = makePalette();
    document.body.append(palette.box);
    palette.box.showModal();
    palette.input.focus();
    ask("");
    fetch("/api/saved", { headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok ? answer.json() : { saved: [] }; })
      .then(function (answer) { if (palette) { palette.saved = answer.saved; if (!palette.wanted) drawBefore(); } })
      .catch(function () { /* without them the rest still stands */ });
    fetch("/api/search?q=").catch(function () { /* only makes ready */ });
  }

  function makePalette() {
    const input = el("input", {
      type: "text", id: "palette-input", class: "palette-input", role: "combobox", autocomplete: "off", spellcheck: "false",
      maxlength: "200", placeholder: say("placeholder"), "aria-label": say("search"), "aria-expanded": "true",
      "aria-controls": "palette-list", "aria-autocomplete": "list", enterkeyhint: "search",
    });
    const list = el("div", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": say("search") });
    const told = el("p", { id: "palette-told", class: "palette-told", role: "status" });
    const close = el("button", { type: "button", class: "palette-close", "aria-label": say("close") }, [el("span", { "aria-hidden": "true", text: "×" })]);
    const forget = el("button", { type: "button", class: "palette-forget", text: say("forget"), hidden: true });
    const hints = el("p", { class: "palette-hints", "aria-hidden": "true" }, [
      el("kbd", { text: "↑ ↓" }), " " + say("hint_move"), el("kbd", { text: "Enter" }), " " + say("hint_open"), el("kbd", { text: "Esc" }), " " + say("hint_close"),
    ]);
    const box = el("dialog", { id: "palette", class: "palette", "aria-label": say("search") }, [
      el("div", { class: "palette-head" }, [el("span", { class: "icon icon-search", "aria-hidden": "true" }), input, close]),
      told, list, el("div", { class: "palette-foot" }, [hints, forget]),
    ]);
    const made = { box: box, input: input, list: list, told: told, forget: forget, options: [], active: -1, wanted: "", saved: [], turn: 0, opener: document.activeElement };
    input.addEventListener("input", function (event) { if (!event.isComposing) typed(); });
    input.addEventListener("compositionend", typed);
    input.addEventListener("keydown", steer);
    list.addEventListener("click", function (event) {
      const option = event.target.closest("[role=option]");
      if (option) take(option);
    });
    list.addEventListener("mousemove", function (event) {
      const option = event.target.closest("[role=option]");
      if (option && palette) activate(palette.options.indexOf(option), true);
    });
    close.addEventListener("click", closePalette);
    forget.addEventListener("click", function () { remember(localStorage, "recent", null); drawBefore(); input.focus(); });
    box.addEventListener("click", function (event) { if (event.target === box) closePalette(); });
    box.addEventListener("cancel", function (event) { event.preventDefault(); event.stopPropagation(); closePalette(); });
    return made;
  }

  function closePalette() {
    if (!palette) return;
    const opener = palette.opener;
    clearTimeout(palette.timer);
    clearTimeout(palette.slow);
    if (palette.under) palette.under.abort();
    palette.box.close();
    palette.box.remove();
    palette = null;
    if (opener && opener.isConnected && seen(opener)) opener.focus({ preventScroll: true });
  }

  function typed() {
    if (!palette) return;
    clearTimeout(palette.timer);
    palette.timer = setTimeout(function () { if (palette) ask(palette.input.value.trim()); }, 120);
  }

  function ask(text) {
    palette.wanted = text;
    palette.turn += 1;
    const turn = palette.turn;
    clearTimeout(palette.slow);
    if (palette.under) palette.under.abort();
    if (!text) { waiting(false); drawBefore(); return; }
    palette.under = new AbortController();
    palette.slow = setTimeout(function () { if (palette && palette.turn === turn) waiting(true); }, 150);
    fetch("/api/search?limit=30&q=" + encodeURIComponent(text), { signal: palette.under.signal, headers: { Accept: "application/json" } })
      .then(function (answer) {
        return answer.json().catch(function () { return {}; }).then(function (body) { return { status: answer.status, body: body }; });
      })
      .then(function (answer) {
        if (!palette || palette.turn !== turn) return;
        clearTimeout(palette.slow);
        waiting(false);
        if (answer.status === 200) drawFound(text, answer.body);
        else if (answer.status === 401) drawRefusal(say("expired"));
        else drawRefusal((answer.body.error && answer.body.error.what) || say("refused"));
      })
      .catch(function (error) {
        if (error.name === "AbortError" || !palette || palette.turn !== turn) return;
        clearTimeout(palette.slow);
        waiting(false);
        drawRefusal(say("offline"));
      });
  }

  function waiting(on) {
    palette.box.classList.toggle("is-waiting", on);
    if (on) palette.told.textContent = say("waiting");
  }

  function group(title, name, entries) {
    if (!entries.length) return null;
    const head = el("div", { id: "palette-group-" + name, class: "palette-group-title", text: title, role: "presentation" });
    const options = entries.map(function (entry) {
      const option = el("div", { role: "option", class: "palette-option", id: "palette-option-" + palette.options.length, "aria-selected": "false" }, [
        el("span", { class: "palette-title", text: entry.title }), entry.below ? el("span", { class: "palette-below", text: entry.below }) : null,
      ]);
      option.dataset.address = entry.address || "";
      if (entry.text) option.dataset.text = entry.text;
      palette.options.push(option);
      return option;
    });
    return el("div", { role: "group", "aria-labelledby": "palette-group-" + name, class: "palette-group palette-group-" + name }, [head].concat(options));
  }

  function draw(groups, chosen) {
    const drawn = groups.filter(Boolean);
    palette.list.replaceChildren.apply(palette.list, drawn);
    palette.list.hidden = !drawn.length;
    palette.input.setAttribute("aria-expanded", drawn.length ? "true" : "false");
    palette.list.scrollTop = 0;
    palette.active = -1;
    activate(palette.options.length ? chosen : -1);
  }

  function drawBefore() {
    const data = ground();
    palette.options = [];
    palette.told.textContent = "";
    palette.told.classList.remove("is-empty");
    const recent = recall(localStorage, "recent", []);
    const messages = recall(sessionStorage, "messages", []);
    palette.forget.hidden = !recent.length;
    palette.forget.title = say("device");
    draw([
      group(say("recent"), "recent", recent.map(function (text) { return { title: text, text: text }; })),
      group(say("saved"), "saved", palette.saved.slice(0, 8).map(function (one) { return { title: one.name, address: one.address }; })),
      group(say("pages"), "pages", data.pages.map(function (page) { return { title: page.word, address: page.address }; })),
      group(say("messages"), "messages", messages.map(function (m) { return { title: m.words, below: m.at, address: m.address }; })),
    ], -1);
  }

  function drawFound(text, found) {
    const folded = text.toLowerCase();
    const pages = ground().pages.filter(function (page) { return page.word.toLowerCase().includes(folded); });
    const saved = palette.saved.filter(function (one) { return one.name.toLowerCase().includes(folded); });
    const kinds = new Map();
    found.hits.forEach(function (hit) {
      if (!kinds.has(hit.kind)) kinds.set(hit.kind, { title: hit.kind_name, hits: [] });
      kinds.get(hit.kind).hits.push(hit);
    });
    palette.options = [];
    palette.forget.hidden = true;
    const groups = [
      group(say("pages"), "pages", pages.map(function (page) { return { title: page.word, address: page.address }; })),
      group(say("saved"), "saved", saved.slice(0, 3).map(function (one) { return { title: one.name, address: one.address }; })),
    ];
    kinds.forEach(function (kind, name) { groups.push(group(kind.title, name, kind.hits)); });
    const number = palette.options.length;
    if (found.hits.length) groups.push(group("", "all", [{ title: say("all") + " (" + found.total + ")", address: "/search?q=" + encodeURIComponent(text) }]));
    palette.told.classList.toggle("is-empty", !number);
    palette.told.textContent = number
      ? say("count", { n: number })
      : say("none", { q: text }) + " " + say("looked", { kinds: found.looked_at.join("、") }) + " " + say("try");
    draw(groups, 0);
  }

  function drawRefusal(words) {
    palette.options = [];
    palette.told.classList.add("is-empty");
    palette.told.textContent = words;
    draw([], -1);
  }

  function activate(place, quiet) {
    const before = palette.options[palette.active];
    if (before) before.setAttribute("aria-selected", "false");
    palette.active = place;
    const now = palette.options[place];
    if (!now) { palette.input.removeAttribute("aria-activedescendant"); return; }
    now.setAttribute("aria-selected", "true");
    palette.input.setAttribute("aria-activedescendant", now.id);
    if (!quiet) now.scrollIntoView({ block: "nearest" });
  }

  function steer(event) {
    if (event.isComposing) return;
    const many = palette.options.length;
    if (event.key === "ArrowDown" && many) { event.preventDefault(); activate((palette.active + 1) % many); }
    else if (event.key === "ArrowUp" && many) { event.preventDefault(); activate((palette.active <= 0 ? many : palette.active) - 1); }
    else if (event.key === "Enter") {
      event.preventDefault();
      const text = palette.input.value.trim();
      const now = text === palette.wanted ? palette.options[palette.active] : null;
      if (now) take(now);
      else if (text) { note(text); leave("/search?q=" + encodeURIComponent(text)); }
    }
  }

  function take(option) {
    if (option.dataset.text) {
      palette.input.value = option.dataset.text;
      palette.input.focus();
      ask(option.dataset.text);
      return;
    }
    if (palette.wanted) note(palette.wanted);
    leave(option.dataset.address);
  }

  function leave(address) {
    palette.opener = null;
    closePalette();
    visit(address);
  }

  function note(text) {
    const kept = recall(localStorage, "recent", []).filter(function (one) { return one !== text; });
    remember(localStorage, "recent", [text].concat(kept).slice(0, 6));
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-search-open]") && ground()) { event.preventDefault(); openPalette(); }
  });

  // ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────
  let leading = 0; // when g was pressed

  function single() { return recall(localStorage, "keys", "on") !== "off"; }

  document.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.isComposing || !ground()) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette) closePalette(); else openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !single() || typing(event.target)) return;
    if (document.querySelector("dialog[open]:not(.tour)")) return;
    const after = leading && Date.now() - leading < 1500;
    leading = 0;
    if (after) {
      const row = rowsOfKeys().find(function (one) { return one.go && one.keys[1] === event.key; });
      if (row) { event.preventDefault(); if (row.go === "/search") openPalette(); else visit(row.go); }
      return;
    }
    switch (event.key) {
      case "/": event.preventDefault(); openPalette(); break;
      case "?": event.preventDefault(); openKeys(); break;
      case "g": leading = Date.now(); break;
      case "j": if (step(1)) event.preventDefault(); break;
      case "k": if (step(-1)) event.preventDefault(); break;
      case "n": {
        const next = document.getElementById("next-case");
        if (next) { event.preventDefault(); next.click(); }
        break;
      }
      default: break;
    }
  });

  function rowsOfKeys() { return ground().keys.flatMap(function (part) { return part.rows; }); }

  /** Put the focus on the next row's link: Enter then opens it, and a screen reader says it. */
  function step(way) {
    const rows = Array.from(document.querySelectorAll("#page .row-link")).filter(seen);
    if (!rows.length) return false;
    const here = document.activeElement && document.activeElement.closest("tr, li, article");
    const now = rows.findIndex(function (row) { return row === document.activeElement || (here && here.contains(row)); });
    const next = now < 0 ? (way > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + way, 0), rows.length - 1);
    rows[next].focus({ preventScroll: true });
    (rows[next].closest("tr, li") || rows[next]).scrollIntoView({ block: "nearest" });
    return true;
  }

  function openKeys() {
    if (document.getElementById("keys")) return;
    const opener = document.activeElement;
    const close = el("button", { type: "button", class: "button", text: say("close") });
    const title = el("h2", { id: "keys-title", text: say("keys"), tabindex: "-1" });
    const parts = ground().keys.map(function (part, n) {
      return el("section", { class: "keys-part" }, [el("h3", { text: part.title })].concat([
        el("dl", { id: "keys-" + n }, part.rows.map(function (row) {
          const names = row.keys.flatMap(function (one, place) { return [place && row.go ? " " + say("then") + " " : place ? " " : "", el("kbd", { text: one })]; });
          return el("div", {}, [el("dt", {}, names), el("dd", { text: row.word })]);
        })),
      ]));
    });
    const box = el("dialog", { id: "keys", class: "keys", "aria-labelledby": "keys-title" }, [
      title, el("div", { class: "keys-parts" }, parts), el("p", { class: "below", text: say("keys_note") }), el("div", { class: "keys-foot" }, [close]),
    ]);
    function shut() { box.close(); box.remove(); if (opener && opener.isConnected) opener.focus({ preventScroll: true }); }
    close.addEventListener("click", shut);
    box.addEventListener("click", function (event) { if (event.target === box) shut(); });
    box.addEventListener("cancel", function (event) { event.preventDefault(); event.stopPropagation(); shut(); });
    document.body.append(box);
    box.showModal();
    title.focus();
  }

  document.addEventListener("click", function (event) {
    if (!ground()) return;
    if (event.target.closest("[data-keys-open]")) { closeMenu(); openKeys(); }
    const change = event.target.closest("[data-keys-switch]");
    if (change) {
      remember(localStorage, "keys", single() ? "off" : "on");
      showSwitch();
      announce(single() ? say("keys_on") : say("keys_off"));
    }
    if (event.target.closest("[data-tour-start]")) { closeMenu(); startTour(); }
  });

  function closeMenu() {
    const menu = document.querySelector("details.who[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus({ preventScroll: true }); }
  }
  function showSwitch() {
    const change = document.querySelector("[data-keys-switch]");
    if (change) change.setAttribute("aria-checked", single() ? "true" : "false");
  }

  const voice = el("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
  function announce(words) {
    if (!voice.isConnected) document.body.append(voice);
    voice.textContent = words;
  }

  // The box of saved queries lies over the list: it closes like a menu.
  document.addEventListener("click", function (event) {
    const open = document.querySelector("details.saved-box[open]");
    if (open && !open.contains(event.target)) open.open = false;
  });
  document.addEventListener("keydown", function (event) {
    const open = event.key === "Escape" && document.querySelector("details.saved-box[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // ── messages ────────────────────────────────────────────────────────────────────────────────────────────────
  let did = false;

  document.addEventListener("budgetwatch:notice", function (event) {
    did = !event.detail.refused;
    // Its words are drawn in the same commit; wait until they stand.
    requestAnimationFrame(function () {
      const words = document.querySelector("#notice .notice-words");
      if (!ground() || !words || !words.textContent.trim()) return;
      const at = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      const kept = recall(sessionStorage, "messages", []);
      remember(sessionStorage, "messages", [{ words: words.textContent.trim(), at: at, address: location.pathname + location.search }].concat(kept).slice(0, 5));
    });
  });
  document.addEventListener("click", function (event) { // closed, the reader goes on where the page begins
    if (!event.target.closest("#notice .close")) return;
    const title = document.getElementById("title") || document.getElementById("page");
    if (title) title.focus({ preventScroll: true });
  });

  // ── remembered filters ──────────────────────────────────────────────────────────────────────────────────────
  const PASSING = ["page", "open", "ask", "size"];

  function filters() {
    const query = new URLSearchParams(location.search);
    PASSING.forEach(function (name) { query.delete(name); });
    return query;
  }

  /** What the filters are called: as the page says, else as its labelled fields do, else as the address does. */
  function called(query) {
    const said = document.querySelector("#page [data-asked]");
    if (said) return said.dataset.asked;
    return Array.from(query.entries()).map(function (pair) {
      const field = document.querySelector("#page [name='" + CSS.escape(pair[0]) + "']:not([type=hidden])");
      const chosen = field && field.tagName === "SELECT" && Array.from(field.options).find(function (o) { return o.value === pair[1]; });
      if (chosen) return chosen.text.trim();
      const chip = first("#page .tab.is-current, #page .chip.is-current");
      return field || !chip ? pair[1] : chip.textContent.trim();
    }).filter(function (word, n, all) { return word && all.indexOf(word) === n; }).join("、");
  }

  function offerFilters() {
    const data = ground();
    let box = document.getElementById("restore");
    const page = document.getElementById("page");
    if (!data || !page || !data.remembered.includes(location.pathname)) { if (box) box.hidden = true; return; }
    const kept = recall(localStorage, "filters", {});
    const query = filters();
    if (query.toString()) {
      if (!document.getElementById("error")) {
        kept[location.pathname] = { query: query.toString(), words: called(query) };
        remember(localStorage, "filters", kept);
      }
      if (box) box.hidden = true;
      return;
    }
    const last = kept[location.pathname];
    if (!last || !last.words) { if (box) box.hidden = true; return; }
    if (!box) {
      box = el("div", { id: "restore", class: "restore" });
      page.parentNode.insertBefore(box, page);
    }
    const drop = el("button", { type: "button", class: "restore-forget", "aria-label": say("forget_filters"), title: say("forget_filters") }, [el("span", { "aria-hidden": "true", text: "×" })]);
    drop.addEventListener("click", function () {
      const now = recall(localStorage, "filters", {});
      delete now[location.pathname];
      remember(localStorage, "filters", now);
      box.hidden = true;
      const title = document.getElementById("title");
      if (title) title.focus({ preventScroll: true });
    });
    box.replaceChildren(el("a", { href: location.pathname + "?" + last.query, id: "restore-link", class: "chip", text: say("restore", { asked: last.words }) }), drop);
    box.hidden = false;
  }

  // ── the first tour ──────────────────────────────────────────────────────────────────────────────────────────
  let tour = null;

  function startTour() {
    if (tour) endTour(false);
    const steps = ground() ? ground().tour : [];
    if (!steps.length) return;
    tour = { steps: steps, at: 0, box: null, marked: null };
    showStep();
  }

  function showStep() {
    const here = tour.steps[tour.at];
    if (here.at && here.at !== location.pathname) { visit(here.at); return; } // settled() comes back to it
    mark(here.on);
    const number = say("step", { n: tour.at + 1, of: tour.steps.length });
    const title = el("h2", { id: "tour-title", tabindex: "-1", text: here.title });
    const last = tour.at === tour.steps.length - 1;
    const skip = el("button", { type: "button", id: "tour-skip", class: "button quiet-button", text: say("skip") });
    const back = tour.at ? el("button", { type: "button", id: "tour-back", class: "button", text: say("back") }) : null;
    const next = el("button", { type: "button", id: "tour-next", class: "button primary", text: last ? say("done") : say("next") });
    skip.addEventListener("click", function () { endTour(true); });
    if (back) back.addEventListener("click", function () { tour.at -= 1; showStep(); });
    next.addEventListener("click", function () { if (last) endTour(true); else { tour.at += 1; showStep(); } });
    const inside = [
      el("p", { class: "tour-number", text: number }), title, el("p", { id: "tour-text", text: here.text }),
      el("div", { class: "tour-buttons" }, [last ? null : skip, el("span", { class: "tour-space" }), back, next]),
    ].filter(Boolean);
    if (!tour.box) {
      tour.box = el("dialog", { id: "tour", class: "tour", "aria-labelledby": "tour-title", "aria-describedby": "tour-text" });
      tour.box.addEventListener("keydown", function (event) { if (event.key === "Escape") { event.stopPropagation(); endTour(true); } });
      document.body.append(tour.box);
    }
    tour.box.replaceChildren.apply(tour.box, inside);
    if (!tour.box.open) tour.box.show();
    title.focus({ preventScroll: true });
  }

  function mark(selector) {
    if (tour.marked) tour.marked.classList.remove("tour-here");
    tour.marked = first(selector);
    if (!tour.marked) return;
    tour.marked.classList.add("tour-here");
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!tour.marked.closest("#frame")) tour.marked.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  function endTour(forGood) {
    if (tour.marked) tour.marked.classList.remove("tour-here");
    if (tour.box) { tour.box.close(); tour.box.remove(); }
    tour = null;
    const title = document.getElementById("title");
    if (title) title.focus({ preventScroll: true });
    if (forGood) window.dash_clientside.set_props("deed", { data: { name: "tour.done", form: "", fields: {}, at: Date.now() } });
  }

  // ── the part of a page that a link names ────────────────────────────────────────────────────────────────────
  let section = "";
  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href*='#']");
    if (link && link.origin === location.origin && link.hash && !(link.getAttribute("href") || "").startsWith("#")) section = link.hash.slice(1);
  }, true);

  function toSection() {
    const name = decodeURIComponent(section || "");
    section = "";
    const part = name && document.getElementById(name);
    if (!part) return;
    part.scrollIntoView({ block: "start" });
    if (!part.hasAttribute("tabindex")) part.setAttribute("tabindex", "-1");
    part.focus({ preventScroll: true });
  }

  // ── after each page ─────────────────────────────────────────────────────────────────────────────────────────
  function settled() {
    if (!ground()) return;
    showSwitch();
    offerFilters();
    toSection();
    if (did && document.activeElement === document.body) { // the button that was pressed is gone
      const title = document.getElementById("title");
      if (title) title.focus({ preventScroll: true });
    }
    did = false;
    if (!tour) return;
    const here = tour.steps[tour.at];
    if (here.at && here.at !== location.pathname) { endTour(false); return; } // the reader went elsewhere
    if (!tour.box || document.getElementById("tour-title").textContent !== here.title) showStep();
    else mark(here.on);
  }
  new MutationObserver(settled).observe(root, { attributes: true, attributeFilter: ["data-ready"] });
})();
