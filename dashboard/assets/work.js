/* Long work: keeps its bars current while it runs, says when it has ended, wherever one is, until that was read; and
   sends files with their progress. It asks often while something runs (2 s, then slower to 10 s), seldom otherwise, and
   not at all in a tab that nobody looks at. */
(function () {
  "use strict";
  const SOON = 2000, LATE = 10000, IDLE = 60000;
  let wait = SOON;
  let timer = 0;
  let asking = false;
  let askedAt = 0;
  let known = {}; // number → state, as last told
  let shut = {}; // notices closed here, while the server is being told
  let over = false; // nobody is signed in any more
  let under = null; // what breaks off the question that is being asked

  function signedIn() {
    return !over && document.getElementById("who") !== null;
  }

  function later(pause) {
    window.clearTimeout(timer);
    if (!document.hidden && signedIn()) timer = window.setTimeout(ask, pause);
  }

  async function ask() {
    if (asking || document.hidden || !signedIn() || navigator.onLine === false) return;
    asking = true;
    askedAt = Date.now();
    let told = null;
    try {
      under = new AbortController();
      const answer = await fetch("/api/jobs?lately=true&limit=20", { signal: under.signal, headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.status === 403) over = true;
      else if (answer.ok) told = await answer.json();
    } catch (_) { /* no network: the next look will tell */ }
    asking = false;
    if (told) show(told);
    wait = told && told.running ? Math.min(LATE, wait * 1.25) : IDLE;
    later(wait);
  }

  // Who signs out has nothing more to ask; an answer on the way would only say that nobody is signed in.
  document.addEventListener("submit", function (event) {
    if (event.target.getAttribute("action") !== "/logout") return;
    over = true;
    window.clearTimeout(timer);
    if (under) under.abort();
  }, true);

  function show(told) {
    let redraw = false;
    const open = {};
    told.jobs.forEach(function (job) {
      open[job.id] = job.state;
      const before = known[job.id];
      if (before !== undefined && before !== job.state) wait = SOON;
      const box = document.querySelector('[data-job="' + job.id + '"]');
      if (box) {
        if (box.dataset.state !== job.state) redraw = true;
        else update(box, job);
      } else if (before === undefined && job.said === null && document.getElementById("jobs-running")) redraw = true;
    });
    // One that stands on the page as open and is told no more has ended and was read elsewhere.
    document.querySelectorAll("[data-job]").forEach(function (box) { if (!(box.dataset.job in open)) redraw = true; });
    known = open;
    badge(told);
    if (redraw) again();
    else notices(told);
  }

  // The page draws what has ended, and by that it is read; only elsewhere a notice is needed.
  function again() {
    if (window.dash_clientside && window.dash_clientside.set_props && !typing()) window.dash_clientside.set_props("again", { data: Date.now() });
  }

  function typing() {
    const active = document.activeElement;
    return active && active.closest("#page") && /^(INPUT|TEXTAREA|SELECT)$/.test(active.tagName);
  }

  // Texts are changed in place, never replaced: they belong to whoever drew the page.
  function put(box, part, text) {
    const place = box.querySelector('[data-part="' + part + '"]');
    if (place && place.firstChild && place.firstChild.nodeValue !== text) place.firstChild.nodeValue = text;
  }

  function update(box, job) {
    if (job.doing) put(box, "doing", job.doing);
    if (job.state === "waiting") return;
    put(box, "share", Math.round(job.share * 100) + "%");
    put(box, "left", job.left || "\u00a0");
    const bar = box.querySelector('[data-part="bar"]');
    if (bar) bar.value = job.share;
  }

  function badge(told) {
    const mark = document.getElementById("jobs-badge");
    if (!mark) return;
    mark.hidden = !(told.running || told.unread);
    mark.classList.toggle("is-running", told.running > 0);
    mark.dataset.count = String(told.running || told.unread);
    mark.setAttribute("aria-label", told.words.badge);
    mark.title = told.words.badge;
  }

  /* ── what ended and was not read ──────────────────────────────────────────────────────────────── */

  function shelf() {
    let place = document.getElementById("job-notices");
    if (!place) {
      place = document.createElement("div");
      place.id = "job-notices";
      place.setAttribute("role", "status");
      place.setAttribute("aria-live", "polite");
      document.body.append(place);
    }
    return place;
  }

  function notices(told) {
    const ended = told.jobs.filter(function (job) { return job.said && !shut[job.id]; });
    if (!ended.length && !document.getElementById("job-notices")) return;
    const place = shelf();
    const shown = ended.slice(0, 3);
    Array.from(place.children).forEach(function (note) {
      if (!shown.some(function (job) { return String(job.id) === note.dataset.notice; })) note.remove();
    });
    shown.forEach(function (job) {
      if (!place.querySelector('[data-notice="' + job.id + '"]')) place.append(notice(job, told.words));
    });
  }

  function element(tag, kind, text) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text) made.textContent = text;
    return made;
  }

  function notice(job, words) {
    const note = element("section", "job-notice is-" + job.state);
    note.dataset.notice = job.id;
    note.setAttribute("aria-label", job.state_name + " " + job.title);
    const text = element("div", "job-notice-words");
    text.append(element("strong", "", job.state_name + " · " + job.title), element("p", "", job.said));
    const open = element("a", "button small", words.open);
    open.href = job.page;
    const close = element("button", "button quiet-button small", words.read);
    close.type = "button";
    close.addEventListener("click", function () {
      shut[job.id] = true;
      note.remove();
      fetch("/api/jobs/" + job.id + "/seen", { method: "POST" }).then(ask, function () { delete shut[job.id]; });
    });
    const ways = element("div", "job-notice-ways");
    ways.append(open, close);
    note.append(text, ways);
    return note;
  }

  /* ── sending a file ────────────────────────────────────────────────────────────────────────────── */

  // Dash knows no file input: it is made here, in the place that the page keeps for it.
  function inputs() {
    document.querySelectorAll("[data-file-input]").forEach(function (place) {
      if (place.querySelector("input")) return;
      const input = document.createElement("input");
      input.type = "file";
      input.name = "file";
      input.id = place.dataset.fileInput;
      input.required = true;
      input.accept = place.dataset.accept || "";
      input.setAttribute("aria-describedby", place.dataset.describedby || "");
      place.append(input);
    });
  }

  function say(id, text, data) {
    const place = document.getElementById(id);
    if (!place) return;
    place.textContent = text || "";
    place.hidden = !text;
    Object.assign(place.dataset, data || {});
  }

  // The likely profile, from the beginning of the file; a workbook must be whole, so large ones are not asked about.
  async function guess(form, file) {
    const words = form.dataset;
    const book = /\.xlsx?$/i.test(file.name);
    if (book && file.size > 2097152) return;
    const head = book ? file : file.slice(0, 65536);
    say("send-guess", words.guessing);
    let names = [];
    try {
      const answer = await fetch("/api/profiles/guess?name=" + encodeURIComponent(file.name), { method: "POST", body: head });
      if (answer.ok) names = (await answer.json()).profiles;
    } catch (_) { /* then the person chooses */ }
    const select = form.querySelector("select[name=profile]");
    const chosen = names.find(function (name) { return Array.from(select.options).some(function (o) { return o.value === name; }); });
    if (!chosen) { say("send-guess", words.guessNone); return; }
    select.value = chosen;
    say("send-guess", names.length > 1 ? words.guessSome.replace("0", names.length) : words.guessOne);
  }

  document.addEventListener("change", function (event) {
    const form = event.target.closest && event.target.closest("form[data-upload]");
    if (!form || event.target.type !== "file" || !event.target.files.length) return;
    say("send-error", "");
    guess(form, event.target.files[0]);
  });

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.dataset.upload) return;
    event.preventDefault();
    if (form.dataset.pending) return;
    const check = event.submitter && event.submitter.value === "check";
    form.dataset.pending = "1";
    say("send-error", "");
    const request = new XMLHttpRequest();
    const box = document.getElementById("send-progress");
    const bar = box.querySelector("progress");
    const share = box.querySelector("[data-part=share]");
    box.hidden = false;
    request.upload.addEventListener("progress", function (moved) {
      if (!moved.lengthComputable) return;
      bar.value = moved.loaded / moved.total;
      share.firstChild.nodeValue = Math.round((100 * moved.loaded) / moved.total) + "%";
    });
    request.addEventListener("load", function () {
      finish(form, box);
      let told = {};
      try { told = JSON.parse(request.responseText); } catch (_) { /* not ours */ }
      if (request.status === 202) { visit(told.page); return; }
      if (request.status === 401) { location.reload(); return; }
      const why = told.error || {};
      say("send-error", [why.what, why.fix].filter(Boolean).join(" ") || form.dataset.failed);
    });
    request.addEventListener("error", function () { finish(form, box); say("send-error", form.dataset.failed); });
    request.open("POST", form.dataset.upload + (check ? "&check=true" : ""));
    request.setRequestHeader("Accept", "application/json");
    request.send(new FormData(form));
  });

  function finish(form, box) {
    delete form.dataset.pending;
    box.hidden = true;
  }

  function visit(address) {
    const link = document.createElement("a");
    link.href = address;
    document.body.append(link);
    link.click(); // as any link of ours: without a reload
    link.remove();
  }

  /* ── a refusal beside the form it belongs to ──────────────────────────────────────────────────── */

  let sent = null;
  document.addEventListener("submit", function (event) {
    sent = event.target;
    const slot = sent.querySelector("[data-refusal]");
    if (slot) { slot.textContent = ""; slot.hidden = true; }
  }, true);
  document.addEventListener("budgetwatch:notice", function (event) {
    const slot = event.detail.refused && sent && sent.isConnected && sent.querySelector("[data-refusal]");
    const said = document.querySelector("#notice .refused");
    if (!slot || !said) return;
    slot.textContent = said.textContent;
    slot.hidden = false;
  });

  /* ── when to look ──────────────────────────────────────────────────────────────────────────────── */

  document.addEventListener("budgetwatch:ready", function () {
    inputs();
    wait = SOON;
    if (document.querySelector("[data-job]") || Date.now() - askedAt > 5000 || Object.keys(known).length) later(250);
    else later(IDLE);
  });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) window.clearTimeout(timer);
    else { wait = SOON; later(100); }
  });
})();
