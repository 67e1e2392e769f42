/* The little that pages need of a browser beyond Dash: links and forms without a reload, deeds, preferences,
   focus, dialogs. Everything that is drawn comes from the server. */
(function () {
  "use strict";
  const MOVED = "_dashprivate_pushstate"; // the event by which dcc.Location learns of pushState
  let standing = null; // the path last drawn, to tell a new page from a changed filter
  let keepNotice = false;
  let opener = null;

  function go(address, replace) {
    // A box that was opened and closed is no place to come back to.
    const boxed = new URLSearchParams(location.search).has("ask") && address.split("?")[0] === location.pathname;
    if (replace || boxed) history.replaceState({}, "", address);
    else if (address !== location.pathname + location.search) history.pushState({}, "", address);
    busy(true);
    window.dispatchEvent(new CustomEvent(MOVED));
  }

  function busy(on) {
    document.documentElement.classList.toggle("is-busy", on);
    const page = document.getElementById("page");
    if (page) page.setAttribute("aria-busy", on ? "true" : "false");
  }

  function internal(link, event) {
    return (
      link && link.href && link.origin === location.origin && !link.target && !link.hasAttribute("download") &&
      !link.pathname.startsWith("/api/") && !(link.getAttribute("href") || "").startsWith("#") &&
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    );
  }

  document.addEventListener("click", function (event) {
    const link = event.target.closest("a[href]");
    if (internal(link, event)) {
      event.preventDefault();
      if (new URLSearchParams(link.search).has("ask")) opener = link.id;
      closeMenus(null);
      go(link.pathname + link.search);
      return;
    }
    const preference = event.target.closest("[data-preference]");
    if (preference) {
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = preference.dataset.preference + "=" + preference.dataset.value + "; Path=/; Max-Age=31536000; SameSite=Lax" + secure;
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
      window.dash_clientside.set_props("deed", { data: { name: form.dataset.deed, form: form.id, fields: fields, at: Date.now() } });
    }
  });

  document.addEventListener("change", function (event) {
    const form = event.target.form;
    const live = form && form.dataset.route === "live" && (event.target.tagName === "SELECT" || event.target.type === "date");
    if (live) go(address(form));
  });

  document.addEventListener("cancel", function (event) { // Escape in a dialog leads where its close link leads
    const close = event.target.querySelector && event.target.querySelector("[data-close]");
    if (close) { event.preventDefault(); close.click(); }
  }, true);

  function hideNotice() {
    const box = document.getElementById("notice");
    if (box) box.hidden = true;
  }

  function showNotice(refused) {
    const box = document.getElementById("notice");
    box.hidden = false;
    box.setAttribute("role", refused ? "alert" : "status");
    box.classList.toggle("is-refused", refused);
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
    if (!document.querySelector("dialog[data-modal]") && opener) {
      const back = document.getElementById(opener);
      opener = null;
      if (back) back.focus();
    }
  }

  function after(data) {
    if (!data) return "";
    if (data.leave) { location.assign(data.leave); return ""; }
    document.documentElement.lang = data.lang;
    if (data.title) document.title = data.title;
    const form = data.form && document.getElementById(data.form);
    if (form) delete form.dataset.pending;
    document.querySelectorAll("form[data-pending]").forEach(function (f) { delete f.dataset.pending; });
    if (data.done) { document.querySelectorAll("form[data-deed]").forEach(function (f) { f.reset(); }); }
    if (data.done || data.refused) showNotice(Boolean(data.refused));
    else if (!keepNotice) hideNotice();
    keepNotice = false;
    if (data.go) { keepNotice = Boolean(data.done); go(data.go, data.replace); return data.turn; }
    busy(false);
    // The page is drawn in the same commit as this store changes; wait for the frame that shows it.
    requestAnimationFrame(function () {
      requestAnimationFrame(function () {
        settle();
        if (!data.refused && standing !== null && standing !== data.path) {
          window.scrollTo(0, 0);
          const title = document.getElementById("title");
          if (title && !document.querySelector("dialog[open]")) title.focus({ preventScroll: true });
        }
        if (!data.refused) standing = data.path;
        document.documentElement.dataset.ready = data.turn;
      });
    });
    return data.turn;
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.budgetwatch = { after: after };
})();
