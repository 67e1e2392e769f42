/* What the house asks of every page beyond axe-core: each function hands back sentences, one a place, none when all is well.
   Tests put this into the page (house.py). */
window.house = (function () {
  "use strict";
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0'], [role=option]";

  function seen(e) {
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest("[inert]")) return false;
    if (e.closest(".visually-hidden, .js-plotly-plot")) return false;
    const head = e.closest("thead");
    if (head && getComputedStyle(head).position === "absolute") return false; // cards: each cell says its heading
    const box = e.getBoundingClientRect();
    return box.width > 0 && box.height > 0;
  }
  function name(e) {
    const words = (e.getAttribute("aria-label") || e.textContent || e.value || "").trim().replace(/\s+/g, " ").slice(0, 30);
    const classes = typeof e.className === "string" && e.className ? "." + e.className.trim().split(/\s+/).join(".") : "";
    return e.tagName.toLowerCase() + (e.id ? "#" + e.id : classes) + " “" + words + "”";
  }
  function all(selector, within) { return Array.from((within || document).querySelectorAll(selector)).filter(seen); }
  /* Where something modal is open, only that is there. */
  function ground() { return Array.from(document.querySelectorAll("dialog:modal")).pop() || document.querySelector(".shell") || document.body; }

  /* ── what a screen reader meets ────────────────────────────────────────────────────────────────── */

  function sense() {
    const found = [];
    if (!document.title.trim()) found.push("the window has no title");
    if (document.querySelectorAll("main").length !== 1) found.push("not exactly one main");
    const shown = Array.from(document.querySelectorAll("#page :is(h1, h2, h3, h4, h5, h6)")).filter(function (e) { return e.checkVisibility() && !e.closest("dialog"); });
    if (shown.filter(function (e) { return e.tagName === "H1"; }).length !== 1) found.push("not exactly one h1");
    let before = 0;
    shown.forEach(function (e) {
      const level = Number(e.tagName[1]);
      if (level > before + 1) found.push("a heading skips a level: " + name(e));
      before = level;
      if (!e.textContent.trim()) found.push("an empty heading: " + name(e));
    });
    const named = new Map();
    document.querySelectorAll("nav, section[aria-label], [role=region], [role=search], aside").forEach(function (e) {
      if (!e.checkVisibility()) return;
      const label = e.getAttribute("aria-label") || (e.getAttribute("aria-labelledby") ? document.getElementById(e.getAttribute("aria-labelledby")).textContent : "");
      const role = e.getAttribute("role") || e.tagName.toLowerCase();
      if (!label.trim() && role !== "search" && role !== "aside") found.push("a landmark without a name: " + name(e));
      const key = role + "|" + label.trim();
      if (named.has(key)) found.push("two landmarks of one name: " + key);
      named.set(key, e);
    });
    all("table").forEach(function (e) {
      if (e.getAttribute("role") === "presentation") return;
      if (!e.caption || !e.caption.textContent.trim()) found.push("a table without a caption: " + name(e));
      const heads = Array.from(e.querySelectorAll("th"));
      if (!heads.length) found.push("a table without headings: " + name(e));
      heads.filter(function (th) { return !th.scope; }).slice(0, 2).forEach(function (th) { found.push("a heading cell without scope: " + name(th) + " of " + name(e)); });
    });
    document.querySelectorAll(".icon, .logo, .arrow, .sort-mark").forEach(function (e) {
      if (!e.closest("[aria-hidden=true], [role=img]")) found.push("an icon that is read out: " + name(e) + " in " + name(e.parentElement));
    });
    document.querySelectorAll(".graph").forEach(function (e) {
      const label = document.getElementById(e.getAttribute("aria-labelledby"));
      if (e.getAttribute("role") !== "img" || !label || label.textContent.trim().length < 8) found.push("a chart without its sentence: " + name(e));
    });
    document.querySelectorAll("svg").forEach(function (e) {
      if (!e.closest("[aria-hidden=true], [role=img], #js-plotly-tester") && e.getAttribute("role") !== "img" && e.checkVisibility()) found.push("a drawing that is neither named nor hidden: " + name(e.parentElement));
    });
    if (!document.querySelector("#voice[role=status]")) found.push("nothing announces what a filter brings");
    return found;
  }

  /* Text of another language than the page's says so, where its letters tell. */
  function tongues() {
    const found = [];
    const page = document.documentElement.lang.slice(0, 2);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent.trim();
      const at = walker.currentNode.parentElement;
      if (!text || !at || /^(SCRIPT|STYLE|NOSCRIPT|CODE|PRE|TITLE)$/.test(at.tagName) || at.closest("svg, [aria-hidden=true], code, pre, datalist, .code, .row-link")) continue;
      const han = (text.match(/\p{Script=Han}/gu) || []).length;
      const lang = (at.closest("[lang]").lang || "").slice(0, 2);
      const latin = (text.match(/[A-Za-z]/g) || []).length; // a sentence with a name in it is left whole
      if (page === "en" && lang === "en" && han >= 2 && 2 * han >= latin) found.push("汉字 in English: “" + text.slice(0, 40) + "” in " + name(at).slice(0, 60));
      if (page === "zh" && lang === "zh" && !han && text.split(/\s+/).filter(function (word) { return /^[A-Za-z]{2,}[.,]?$/.test(word); }).length >= 4) found.push("English in 中文: “" + text.slice(0, 40) + "” in " + name(at).slice(0, 60));
    }
    return found;
  }

  /* ── room for a finger ─────────────────────────────────────────────────────────────────────────── */

  /* A control that stands in a line of words is as high as the line; its neighbours keep their distance. */
  function inWords(e) {
    if (e.tagName !== "A" || e.matches(".button, .nav-link, .chip, .tab, .tile, .close")) return false;
    const line = e.parentElement;
    return getComputedStyle(e).display.startsWith("inline") && Boolean(line.closest("p, li, td, th, dd, dt, figcaption, caption, .note, .empty, h2, h3, .card-head, .row-name, .job-head"));
  }
  function targets(least) {
    const found = [];
    all(CONTROLS, ground()).forEach(function (e) {
      if (e.matches("[role=region], .skip-link, pre, main") || e.disabled) return;
      const box = e.getBoundingClientRect();
      if (box.width >= least - 0.5 && box.height >= least - 0.5) return;
      if (inWords(e) && box.height >= 16 && !(least > 24 && e.closest(".as-cards .cell-main"))) return;
      if (e.matches(".place-shape, [id^=place-map-]") && box.width >= 24 && box.height >= 24) return; // where a place lies is the map's to say; each stands in the table too
      if (/^(checkbox|radio)$/.test(e.type) && e.closest("label") && e.closest("label").getBoundingClientRect().height >= least - 0.5) return;
      e.scrollIntoView({ block: "center", inline: "nearest" });
      const now = e.getBoundingClientRect();
      const x = now.x + now.width / 2, y = now.y + now.height / 2;
      const ours = function (dx, dy) { const hit = document.elementFromPoint(x + dx, y + dy); return hit && (hit === e || e.contains(hit) || (e.labels && Array.from(e.labels).some(function (l) { return l.contains(hit); }))); };
      // How far a finger may be off in both directions together: what it may press can be larger than the box.
      const room = function (dx, dy) { let n = 0; while (n < least && ours(dx * (n + 1), dy * (n + 1))) n++; return n; };
      const wide = now.width >= least - 0.5 || room(1, 0) + room(-1, 0) + 1 >= least - 1;
      const high = now.height >= least - 0.5 || room(0, 1) + room(0, -1) + 1 >= least - 1;
      if (!wide || !high) found.push("smaller than " + least + " px: " + name(e) + " " + Math.round(now.width) + "×" + Math.round(now.height));
    });
    return found;
  }

  /* ── room for words ────────────────────────────────────────────────────────────────────────────── */

  function held(e) { // something on the way up scrolls or cuts sideways
    for (let up = e.parentElement; up && up !== document.documentElement; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible" && up !== document.body) return true;
    return false;
  }
  function sideways() {
    const root = document.documentElement, found = [];
    if (root.scrollWidth <= root.clientWidth + 1) return found;
    all("*", document.body).forEach(function (e) {
      const box = e.getBoundingClientRect();
      if (box.right > root.clientWidth + 1 && !held(e) && getComputedStyle(e).position !== "fixed") found.push(name(e) + " ends at " + Math.round(box.right));
    });
    return ["the page scrolls sideways (" + root.scrollWidth + " of " + root.clientWidth + " px): " + found.slice(0, 4).join("; ")];
  }
  const HOLDERS = ".button, .badge, .chip, .tab, .tile, .count-link, .nav-link, .switch button, summary, th, .menu-item, .close, .stat-figure, .block-count, .pager-count, .due-cell, label, h1, h2, h3, .note";
  function clipped() {
    const found = [];
    const range = document.createRange();
    all(HOLDERS, ground()).forEach(function (e) {
      if (e.matches(".visually-hidden, .help > summary") || !e.textContent.trim()) return;
      const style = getComputedStyle(e);
      const box = e.getBoundingClientRect();
      const cuts = style.overflowX !== "visible" || style.overflowY !== "visible";
      if (cuts && !/auto|scroll/.test(style.overflowX + style.overflowY) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) found.push("cut off: " + name(e));
      const walker = document.createTreeWalker(e, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const text = walker.currentNode;
        if (!text.textContent.trim() || !seen(text.parentElement) || text.parentElement.closest("select, option, textarea, .table-box, .help-text, .who-box, .more-links") !== e.closest("select, option, textarea, .table-box, .help-text, .who-box, .more-links")) continue;
        range.selectNodeContents(text);
        const words = range.getBoundingClientRect();
        if (words.right > box.right + 1.5 || words.left < box.left - 1.5 || words.bottom > box.bottom + 5 || words.top < box.top - 5) { found.push("words leave " + name(e) + " " + [words.left - box.left, words.top - box.top, words.right - box.right, words.bottom - box.bottom].map(Math.round)); break; }
      }
      // Words that a parent cuts.
      for (let up = e.parentElement; up && up.id !== "page"; up = up.parentElement) {
        const s = getComputedStyle(up);
        if (/auto|scroll/.test(s.overflowX + s.overflowY)) break;
        if (s.overflowX === "hidden" || s.overflowX === "clip") { const b = up.getBoundingClientRect(); if (box.right > b.right + 1.5 || box.bottom > b.bottom + 1.5) found.push(name(up) + " cuts " + name(e)); break; }
      }
    });
    return Array.from(new Set(found));
  }

  /* ── the way of the focus ──────────────────────────────────────────────────────────────────────── */

  function marked(e) { // an outline, on itself or on the row that it stands for
    for (let up = e, n = 0; up && n < 4; up = up.parentElement, n++) {
      const style = getComputedStyle(up);
      if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return true;
    }
    return false;
  }
  function focus() {
    const found = [];
    const stops = all(CONTROLS, ground()).filter(function (e) { return e.tabIndex >= 0 && !e.disabled; });
    const step = Math.max(1, Math.floor(stops.length / 60)); // long lists repeat themselves
    window.scrollTo(0, 0);
    stops.forEach(function (e, n) {
      if (e.tabIndex > 0) found.push("a tab order of its own: " + name(e));
      if (n % step && stops.length - n > 20) return;
      e.focus();
      if (document.activeElement !== e) { found.push("cannot take the focus: " + name(e)); return; }
      if (e.matches(":focus-visible") && !marked(e)) found.push("focus is not seen: " + name(e));
      const box = e.getBoundingClientRect();
      const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth), top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
      if (right <= left || bottom <= top) { found.push("focus is off the screen: " + name(e)); return; }
      const over = [];
      const free = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].some(function (at) {
        const hit = document.elementFromPoint(left + (right - left) * at[0], top + (bottom - top) * at[1]);
        if (!hit || hit === e || e.contains(hit) || hit.contains(e) || (e.labels && Array.from(e.labels).some(function (l) { return l.contains(hit); }))) return true;
        over.push(name(hit));
        return !hit.closest("#frame, .bottom-nav, #notice, .job-notice") || Boolean(e.closest("#frame, .bottom-nav, #notice, .job-notice"));
      });
      if (!free) found.push("focus is hidden: " + name(e) + " under " + over[0]);
    });
    // In the cards of a phone what is seen first is reached first.
    all(".as-cards tbody tr", ground()).slice(0, 4).forEach(function (row) {
      if (getComputedStyle(row).display !== "grid") return;
      let last = -Infinity;
      all(CONTROLS, row).forEach(function (e) { const y = e.getBoundingClientRect().top; if (y < last - 8) found.push("the focus goes upwards: " + name(e)); last = y; });
    });
    return found;
  }

  /* ── what is seen only now and then ────────────────────────────────────────────────────────────── */

  /* As though the pointer were on everything at once: beside each rule for :hover stands the same one for a class that
     all elements have from now on. */
  function hover() {
    function beside(list) {
      for (let n = list.cssRules.length - 1; n >= 0; n--) {
        const rule = list.cssRules[n];
        if (rule.selectorText && rule.selectorText.includes(":hover")) list.insertRule(rule.cssText.replace(/:hover/g, ".as-hovered"), n + 1);
        else if (!rule.selectorText && rule.cssRules) beside(rule);
      }
    }
    Array.from(document.styleSheets).forEach(beside);
    document.querySelectorAll("body *").forEach(function (e) { e.classList.add("as-hovered"); });
    return [];
  }

  /* [red, green, blue, alpha], whatever notation the colour is in. */
  function rgba(colour) {
    const pen = rgba.pen || (rgba.pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true }));
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const seen = Array.from(pen.getImageData(0, 0, 1, 1).data);
    return [seen[0], seen[1], seen[2], seen[3] / 255];
  }
  function over(upper, lower) { return [0, 1, 2].map(function (n) { return upper[n] * upper[3] + lower[n] * (1 - upper[3]); }).concat(1); }
  function ground_of(e) { return e ? over(rgba(getComputedStyle(e).backgroundColor), ground_of(e.parentElement)) : [255, 255, 255, 1]; }
  function light(colour) {
    const parts = colour.slice(0, 3).map(function (c) { c /= 255; return c <= .04045 ? c / 12.92 : Math.pow((c + .055) / 1.055, 2.4); });
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
  }

  /* The words that stand in a field until something is typed are read like all others. */
  function placeholders() {
    return all("input[placeholder], textarea[placeholder]").filter(function (e) { return e.placeholder.trim() && !e.disabled; }).flatMap(function (e) {
      const style = getComputedStyle(e, "::placeholder"), ground = ground_of(e), ink = rgba(style.color);
      ink[3] *= Number(style.opacity);
      const pair = [light(over(ink, ground)), light(ground)].sort(function (a, b) { return b - a; });
      const contrast = (pair[0] + .05) / (pair[1] + .05);
      return contrast >= 4.5 ? [] : ["a placeholder of contrast " + contrast.toFixed(2) + ": " + name(e) + " “" + e.placeholder + "”"];
    });
  }

  return { hover: hover, placeholders: placeholders, sense: sense, tongues: tongues, targets: targets, sideways: sideways, clipped: clipped, focus: focus };
})();
