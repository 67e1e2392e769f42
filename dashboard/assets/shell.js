/* The little that pages need of a browser beyond Dash: links and forms without a reload, deeds, preferences,
   focus, dialogs. Everything that is drawn comes from the server.

   The first answer holds the page drawn (#drawn) and, as data (#seed), what Dash asks for first; so Dash draws the same
   page without a request, outside the page, and its element then takes the place of #drawn. Until then links and
   forms work as plain HTML does, and a deed waits. */
(function () {
  "use strict";
  const FAILED = { network: "network", server: "server" };
  const CALLBACK = "/_dash-update-component";
  const seed = JSON.parse((document.getElementById("seed") || { textContent: "{}" }).textContent);
  const firstAddress = location.pathname + location.search;
  let words = seed.answer ? seed.answer.response.after.data.words : {};
  let live = false; // Dash has taken over
  let waiting = null; // a deed that was sent before
  let lastDeed = null;
  let stuck = false; // the last request failed
  let line = 0;
  const MOVED = "_dashprivate_pushstate"; // the event by which dcc.Location learns of pushState
  let standing = null; // the path last drawn, to tell a new page from a changed filter
  let opener = null;
  let trail = []; // what stood around the last deed's form, the nearest first

  function go(address, replace) {
    if (!live) { location.assign(address); return; }
    keepPlace();
    // A box that was opened and closed is no place to come back to.
    const boxed = new URLSearchParams(location.search).has("ask") && address.split("?")[0] === location.pathname;
    if (replace || boxed) history.replaceState({}, "", address);
    else if (address !== location.pathname + location.search) history.pushState({}, "", address);
    busy(true);
    window.dispatchEvent(new CustomEvent(MOVED));
  }

  // The line at the top shows what takes longer than one notices.
  function busy(on) {
    window.clearTimeout(line);
    if (on) line = window.setTimeout(function () { document.documentElement.classList.add("is-busy"); }, 180);
    else document.documentElement.classList.remove("is-busy");
    const page = document.getElementById("page");
    if (page) page.setAttribute("aria-busy", on ? "true" : "false");
  }

  /* ── what Dash asks: from the seed first, and never without an answer ─────────────────────────── */

  const plainFetch = window.fetch.bind(window);
  window.fetch = function (resource, options) {
    const path = new URL(typeof resource === "string" ? resource : resource.url, location.href).pathname;
    if (path === "/_dash-layout" && seed.layout) return said(take("layout"));
    if (path === "/_dash-dependencies" && seed.dependencies) return said(take("dependencies"));
    if (path !== CALLBACK) return plainFetch(resource, options);
    if (seed.answer) {
      const asked = JSON.parse(options.body);
      const kept = take("answer");
      const value = function (id, what) { return (asked.inputs.find(function (i) { return i.id === id && i.property === what; }) || {}).value || ""; };
      if (value("url", "pathname") + value("url", "search") === firstAddress && !value("deed", "data")) return said(kept);
    }
    if (navigator.onLine === false) return said(failed(FAILED.network));
    return plainFetch(resource, options).then(
      function (answer) {
        if (answer.headers.get("X-Unreachable")) return said(failed(FAILED.network));
        return answer.ok ? answer : said(failed(FAILED.server));
      },
      function () { return said(failed(FAILED.network)); }
    );
  };

  function take(name) {
    const value = seed[name];
    delete seed[name];
    return value;
  }

  function said(value) {
    return Promise.resolve(new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } }));
  }

  // What the page says instead of an answer: what happened, and a button that asks again.
  function failed(kind) {
    const part = function (type, props) { return { type: type, namespace: "dash_html_components", props: props }; };
    const children = [
      part("Span", { children: words[kind], className: "refused" }), " ",
      part("Button", { children: words.retry, id: "retry", type: "button", className: "button" }),
    ];
    return { multi: true, response: { notice: { children: children }, after: { data: { failed: kind, turn: String(Date.now()) } } } };
  }

  let tries = 0; // by itself, since the last answer
  function retry() {
    busy(true);
    if (lastDeed) window.dash_clientside.set_props("deed", { data: Object.assign({}, lastDeed, { at: Date.now() }) });
    else window.dash_clientside.set_props("again", { data: Date.now() });
  }
  // A page that did not come is asked for again by itself; what a person sends, only by that person.
  function retryLater() {
    if (tries < 6) window.setTimeout(function () { if (stuck && !lastDeed && navigator.onLine) retry(); }, 400 * 2 ** tries++);
  }
  window.addEventListener("online", function () { tries = 0; if (stuck && live) retryLater(); });

  /* ── Dash takes over ───────────────────────────────────────────────────────────────────────────── */

  // Called by start.js with the element that Dash draws into: out of the page, until it is whole.
  function begin(root) {
    root.remove();
    const watch = new MutationObserver(function () {
      if (root.querySelector("#page > *") && root.querySelector("#frame > *")) { watch.disconnect(); takeOver(root); }
    });
    watch.observe(root, { childList: true, subtree: true });
  }

  function takeOver(root) {
    const drawn = document.getElementById("drawn");
    const old = drawn.querySelector(".shell");
    const fresh = root.querySelector(".shell");
    const place = window.scrollY;
    const active = drawn.contains(document.activeElement) ? document.activeElement : null;
    const pairs = [];
    pair(old, fresh, pairs);
    const focused = active && pairs.find(function (two) { return two[0] === active; });
    const selection = active && "selectionStart" in active ? safely(function () { return [active.selectionStart, active.selectionEnd]; }) : null;
    const values = pairs.filter(function (two) { return /^(INPUT|TEXTAREA|SELECT)$/.test(two[0].tagName) && changed(two[0]); });
    const moved = pairs.filter(function (two) { return two[0].scrollLeft || two[0].scrollTop; }).map(function (two) { return [two[1], two[0].scrollLeft, two[0].scrollTop]; });
    drawn.replaceWith(root);
    live = true;
    values.forEach(function (two) { put(two[1], two[0]); });
    pairs.forEach(function (two) { if (two[0].tagName === "DETAILS" && two[0].open !== two[1].open) two[1].open = two[0].open; });
    moved.forEach(function (one) { one[0].scrollLeft = one[1]; one[0].scrollTop = one[2]; });
    settle();
    if (focused) {
      focused[1].focus({ preventScroll: true });
      if (selection && selection[0] !== null) safely(function () { focused[1].setSelectionRange(selection[0], selection[1]); });
    }
    if (window.scrollY !== place) window.scrollTo(0, place);
  }

  // The same element in both: they were drawn from one tree, so they stand in the same order.
  function pair(one, other, pairs) {
    if (one.tagName !== other.tagName) return;
    pairs.push([one, other]);
    if (one.classList.contains("dash-graph")) return;
    for (let n = 0; n < Math.min(one.children.length, other.children.length); n++) pair(one.children[n], other.children[n], pairs);
  }

  function changed(field) {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return field.dataset.value !== undefined && field.value !== field.dataset.value;
    return field.value !== field.defaultValue;
  }

  function put(field, from) {
    if (field.type === "checkbox" || field.type === "radio") { if (field.checked !== from.checked) field.click(); return; }
    if (field.tagName === "SELECT") { field.dataset.set = field.dataset.value; field.value = from.value; return; }
    const kind = field.tagName === "TEXTAREA" ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, from.value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function safely(deed) {
    try { return deed(); } catch (_) { return null; }
  }

  /* ── where one was on the page, for the way back ───────────────────────────────────────────────── */

  if ("scrollRestoration" in history) history.scrollRestoration = "manual";
  function keepPlace() {
    history.replaceState(Object.assign({}, history.state, { place: Math.round(window.scrollY) }), "");
  }
  let resting = 0;
  window.addEventListener("scroll", function () {
    window.clearTimeout(resting);
    resting = window.setTimeout(keepPlace, 150);
  }, { passive: true });
  let goingTo = null; // where to scroll once the page that one goes back to is drawn
  window.addEventListener("popstate", function (event) {
    window.clearTimeout(resting); // this place belongs to the page that one leaves
    goingTo = (event.state && event.state.place) || 0;
    if (live) busy(true);
  });
  if (history.state && history.state.place) window.scrollTo(0, history.state.place);

  function internal(link, event) {
    return (
      link && link.href && link.origin === location.origin && !link.target && !link.hasAttribute("download") &&
      !link.pathname.startsWith("/api/") && !(link.hash && link.pathname + link.search === location.pathname + location.search) &&
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    );
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("#retry")) { hideNotice(); retry(); return; }
    const link = event.target.closest("a[href]");
    if (internal(link, event)) {
      if (!live) return; // the browser goes there by itself
      event.preventDefault();
      if (new URLSearchParams(link.search).has("ask")) opener = link.id;
      closeMenus(null);
      go(link.pathname + link.search + link.hash);
      return;
    }
    const preference = event.target.closest("[data-preference]");
    if (preference) {
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = preference.dataset.preference + "=" + preference.dataset.value + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
      if (preference.dataset.preference === "theme") document.documentElement.dataset.theme = preference.dataset.value;
      if (!live) { location.reload(); return; }
      busy(true);
      window.dash_clientside.set_props("again", { data: Date.now() });
      return;
    }
    const fill = event.target.closest("[data-fill-login]");
    if (fill) {
      write("login", fill.dataset.fillLogin);
      write("password", fill.dataset.fillPassword);
      document.getElementById("sign-in").focus();
      return;
    }
    if (event.target.closest("#notice .close")) hideNotice();
    else if (event.target.closest(".notice .close")) event.target.closest(".notice").hidden = true;
    closeMenus(event.target);
  });

  // A menu (details) closes when one clicks elsewhere or presses Escape.
  function closeMenus(target) {
    document.querySelectorAll("details.who[open], details.more-nav[open], details.help[open]").forEach(function (menu) {
      if (!target || !menu.contains(target)) menu.open = false;
    });
  }
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.who[open], details.more-nav[open], details.help[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // React keeps an input's value to itself unless it is told through the native setter.
  function write(id, value) {
    const input = document.getElementById(id);
    if (!input) return;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function address(form) {
    const query = new URLSearchParams();
    new FormData(form).forEach(function (value, name) { if (String(value).trim()) query.append(name, String(value).trim()); });
    const text = query.toString();
    return form.getAttribute("action") + (text ? "?" + text : "");
  }

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.route) {
      event.preventDefault();
      go(address(form));
    } else if (form.dataset.deed) {
      event.preventDefault();
      if (form.dataset.pending) return; // a second press of the same button
      form.dataset.pending = "1";
      const fields = {};
      new FormData(form, event.submitter).forEach(function (value, name) { fields[name] = String(value); });
      busy(true);
      trail = around(form);
      const deed = { name: form.dataset.deed, form: form.id, fields: fields, at: Date.now() };
      if (live) send(deed);
      else waiting = deed;
    }
  });

  function send(deed) {
    lastDeed = deed;
    window.dash_clientside.set_props("deed", { data: deed });
  }

  document.addEventListener("change", function (event) {
    const form = event.target.form;
    const live = form && form.dataset.route === "live" && (event.target.tagName === "SELECT" || event.target.type === "date");
    if (live) go(address(form));
  });

  document.addEventListener("cancel", function (event) { // Escape in a dialog leads where its close link leads
    const close = event.target.querySelector && event.target.querySelector("[data-close]");
    if (close) { event.preventDefault(); close.click(); }
  }, true);

  /* ── where the focus goes after a deed ─────────────────────────────────────────────────────────── */

  function around(form) {
    const found = [];
    for (let up = form; up && up.id !== "page"; up = up.parentElement) if (up.id) found.push(up.id);
    return found;
  }

  // Done, and what was pressed is gone: on to what stands where it stood, so that the next Tab goes on from there.
  function focusAfterDeed() {
    if (document.activeElement && document.activeElement !== document.body) return;
    const place = trail.map(function (id) { return document.getElementById(id); }).find(Boolean) || document.getElementById("title");
    if (!place) return;
    if (place.tabIndex < 0 && !place.hasAttribute("tabindex")) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
  }

  // Refused: back to the first field, which now says why; in a box, what is said outside it is neither seen nor read.
  function focusRefused(name) {
    const form = name && document.getElementById(name);
    if (!form) return;
    const box = form.closest("dialog[open]");
    const words = document.querySelector("#notice .notice-words");
    if (box && words) {
      let said = form.querySelector(".refused-why");
      if (!said) {
        said = document.createElement("p");
        said.className = "refused-why";
        said.id = name + "-refused";
        said.setAttribute("role", "alert");
        form.prepend(said);
      }
      said.textContent = words.textContent;
    }
    const field = form.querySelector("textarea, input:not([type=hidden]), select");
    if (!field) return;
    field.setAttribute("aria-describedby", box ? name + "-refused" : "notice");
    field.focus({ preventScroll: !box });
  }

  function hideNotice() {
    const box = document.getElementById("notice");
    if (box) box.hidden = true;
  }

  function showNotice(refused) {
    const box = document.getElementById("notice");
    box.hidden = false;
    box.setAttribute("role", refused ? "alert" : "status");
    box.classList.toggle("is-refused", refused);
    document.dispatchEvent(new CustomEvent("budgetwatch:notice", { detail: { refused: refused } }));
  }

  function settle() {
    document.querySelectorAll("select[data-value]").forEach(function (select) {
      if (select.dataset.set !== select.dataset.value) { select.value = select.dataset.value; select.dataset.set = select.dataset.value; }
    });
    document.querySelectorAll("dialog[data-modal]").forEach(function (dialog) {
      if (dialog.open) return;
      dialog.showModal();
      const first = dialog.querySelector("textarea, select, input:not([type=hidden])");
      if (first) first.focus();
    });
    const wrong = document.getElementById("login-error");
    const password = document.getElementById("password");
    if (wrong && password && !password.hasAttribute("aria-describedby")) {
      password.setAttribute("aria-describedby", wrong.id);
      password.focus();
    }
    if (!document.querySelector("dialog[data-modal]") && opener) {
      const back = document.getElementById(opener);
      opener = null;
      if (back) back.focus();
    }
  }

  function after(data) {
    if (!data) return "";
    if (data.leave) { location.assign(data.leave); return ""; }
    stuck = Boolean(data.failed);
    if (stuck) return fail(data);
    lastDeed = null;
    tries = 0;
    words = data.words || words;
    document.documentElement.lang = data.lang;
    document.documentElement.dataset.theme = data.theme;
    document.documentElement.dataset.person = data.person;
    if (data.title) document.title = data.title;
    const form = data.form && document.getElementById(data.form);
    if (form) delete form.dataset.pending;
    document.querySelectorAll("form[data-pending]").forEach(function (f) { delete f.dataset.pending; });
    if (data.done) { document.querySelectorAll("form[data-deed]").forEach(function (f) { f.reset(); f.querySelectorAll("select[data-set]").forEach(function (s) { delete s.dataset.set; }); }); }
    if (data.done) document.dispatchEvent(new CustomEvent("budgetwatch:done"));
    if (data.done || data.refused) showNotice(Boolean(data.refused));
    // A message stays on the next pages too, until it is closed or something else is done.
    if (data.go) { go(data.go, data.replace); return data.turn; }
    busy(false);
    // The page is drawn in the same commit as this store changes; wait for the frame that shows it.
    requestAnimationFrame(function () {
      requestAnimationFrame(function () {
        settle();
        if (data.refused) focusRefused(data.form);
        else if (data.done && standing === data.path) focusAfterDeed();
        if (goingTo !== null) window.scrollTo(0, goingTo);
        if (!data.refused && standing !== null && standing !== data.path) {
          if (goingTo === null) window.scrollTo(0, 0);
          // An address with #section leads to that heading, any other to the title.
          const section = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
          if (section) section.scrollIntoView();
          const title = section || document.getElementById("title");
          if (title && !document.querySelector("dialog[open]")) title.focus({ preventScroll: true });
        }
        goingTo = null;
        if (!data.refused) standing = data.path;
        document.documentElement.dataset.ready = data.turn;
        document.dispatchEvent(new CustomEvent("budgetwatch:ready", { detail: data }));
        if (waiting) { const deed = waiting; waiting = null; send(deed); }
      });
    });
    return data.turn;
  }

  // Nothing came: the page stays with all that was typed, a sentence says what to do. A kept copy is shown where there is one.
  async function fail(data) {
    busy(false);
    document.querySelectorAll("form[data-pending]").forEach(function (f) { delete f.dataset.pending; });
    showNotice(true);
    const elsewhere = standing !== null && standing !== location.pathname;
    if (data.failed === FAILED.network && elsewhere && window.budgetwatch.kept && (await window.budgetwatch.kept(location.pathname + location.search))) location.reload();
    else if (navigator.onLine) retryLater();
    return data.turn;
  }

  settle(); // lists and dialogs of the page as the server has drawn it

  window.budgetwatch = Object.assign(window.budgetwatch || {}, { begin: begin, words: function () { return words; } });
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.budgetwatch = { after: after };
})();
