/* Charts: the small plotly they are drawn with, words cut off where their room ends, marks that lead on, pictures to keep. */
(function () {
  "use strict";
  const MARGIN = 16;
  // All charts are bars and lines: a quarter of the whole plotly draws them (vendor/README.md). Dash asks at this name for
  // the address, when a chart is on the page and nowhere else, and would put the whole one there.
  const DRAWER = "/assets/vendor/plotly-basic.v4.1.1.min.js";
  Object.defineProperty(window, "_dashPlotlyJSURL", { get: function () { return DRAWER; }, set: function () {} });

  // Where the page already shows that a chart is coming, its script may come while Dash starts.
  if (document.querySelector("#drawn .graph")) {
    const early = document.createElement("link");
    early.rel = "preload";
    early.as = "script";
    early.href = DRAWER;
    document.head.append(early);
  }

  function plot(id) { return document.querySelector("#" + CSS.escape(id) + " .js-plotly-plot"); }

  /* ── words ─────────────────────────────────────────────────────────────────────────────────────── */

  // Names that run to the right end before the next words of their line, where they are told to (meta.until), or at
  // the edge. They are sent whole, as only the browser knows how wide they are.
  function fit(chart) {
    const frame = chart.getBoundingClientRect();
    if (!frame.width || !chart._fullLayout) return;
    const axis = chart._fullLayout.xaxis;
    const lines = [];
    chart.querySelectorAll(".textpoint text").forEach(function (text) {
      if (text._cut !== undefined && text.textContent === text._cut) text.textContent = text._whole;
      const point = pointOf(text), box = text.getBoundingClientRect();
      const until = point && (point.trace.meta || {}).until;
      lines.push({
        text: text, left: box.left, right: box.right, top: box.top, bottom: box.bottom,
        start: getComputedStyle(text).textAnchor === "start",
        end: until ? frame.left + axis._offset + axis.c2p(until[point.i]) : frame.right - 1,
      });
    });
    lines.forEach(function (one) {
      if (!one.start || !one.text.textContent) return;
      let end = one.end;
      lines.forEach(function (other) {
        const half = (one.bottom - one.top) / 2;
        if (other.left > one.left + 4 && other.top < one.bottom - half && other.bottom > one.top + half) end = Math.min(end, other.left - 8);
      });
      if (one.right > end) cut(one.text, end - one.left);
    });
  }

  // Which trace's word it is, and the how manieth: plotly keeps them with its elements.
  function pointOf(text) {
    const group = text.closest(".trace"), all = group && group.__data__, own = text.parentNode.__data__;
    return all && all[0] && all[0].trace && own ? { trace: all[0].trace, i: own.i } : null;
  }

  function cut(text, room) {
    const whole = text.textContent;
    let n = whole.length;
    const dots = parseFloat(getComputedStyle(text).fontSize) || 13;
    while (n > 0 && text.getSubStringLength(0, n) + dots > room) n--;
    text._whole = whole;
    text._cut = text.textContent = n > 1 ? whole.slice(0, n).trimEnd() + "…" : "";
  }

  // Each chart is fitted as soon as it is drawn, and again whenever it is drawn anew.
  function meetAll() {
    document.querySelectorAll(".js-plotly-plot:not([data-fitted])").forEach(function (chart) {
      if (!chart.on || !chart.querySelector(".main-svg")) return;
      chart.dataset.fitted = "1";
      chart.on("plotly_afterplot", function () { fit(chart); });
      fit(chart);
    });
  }
  new MutationObserver(function (changes) {
    if (changes.some(function (change) { return change.target.closest && change.target.closest(".graph"); })) meetAll();
  }).observe(document.documentElement, { childList: true, subtree: true });

  /* ── marks ─────────────────────────────────────────────────────────────────────────────────────── */

  // Handlers are put on a chart when it is first touched: no chart need be there when the page opens.
  function meet(event) {
    const chart = event.target.closest && event.target.closest(".js-plotly-plot");
    if (!chart || chart.dataset.met || !chart.on) return;
    chart.dataset.met = "1";
    // A mark says its address, or what stands in the place of {} in the address of all marks (layout.meta.to).
    const where = function (data) {
      const mark = data.points && data.points[0];
      const said = mark && Array.isArray(mark.customdata) ? String(mark.customdata[1] || "") : "";
      const all = (chart.layout.meta || {}).to;
      return said && all ? all.split("%7B%7D").join(encodeURIComponent(said)) : said;
    };
    chart.on("plotly_hover", function (data) { chart.classList.toggle("leads-on", Boolean(where(data))); });
    chart.on("plotly_unhover", function () { chart.classList.remove("leads-on"); });
    chart.on("plotly_click", function (data) {
      const address = where(data);
      if (!address.startsWith("/")) return;
      const link = document.createElement("a"); // an ordinary link, so that it is followed as all others are
      link.href = address;
      document.body.append(link);
      link.click();
      link.remove();
    });
  }
  document.addEventListener("pointerover", meet, true);
  document.addEventListener("pointerdown", meet, true);

  /* ── pictures to keep ──────────────────────────────────────────────────────────────────────────── */

  function wrapped(text, room) {
    const lines = [];
    let line = "", used = 0;
    for (const sign of text) {
      const wide = sign.charCodeAt(0) > 0x2e7f ? 2 : 1;
      if (used + wide > room && (wide === 2 || sign === " ")) { lines.push(line.trim()); line = ""; used = 0; }
      line += sign;
      used += wide;
    }
    if (line.trim()) lines.push(line.trim());
    return lines;
  }

  function escaped(text) { return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }

  // The traces with their words as they were cut for the screen.
  function fitted(chart) {
    const data = JSON.parse(JSON.stringify(chart.data));
    chart.querySelectorAll(".textpoint text").forEach(function (text) {
      const point = pointOf(text);
      if (point && text._cut !== undefined && text.textContent === text._cut) data[point.trace.index].text[point.i] = text._cut;
    });
    return data;
  }

  // The chart as it is drawn for paper, on white, under its title and its sentence.
  function paper(chart, title, sentence, width, height) {
    const layout = JSON.parse(JSON.stringify(chart.layout));
    const lines = wrapped(sentence, Math.floor((width - 2 * MARGIN) / 6.6));
    const head = 34 + 19 * lines.length;
    const margin = Object.assign({ l: 8, r: 16, t: 8, b: 8 }, layout.margin);
    layout.margin = { l: margin.l + MARGIN, r: margin.r + MARGIN, t: margin.t + head, b: margin.b + MARGIN };
    layout.title = {
      text: "<b>" + escaped(title) + "</b><br>" + lines.map(escaped).join("<br>"),
      font: { size: 13, color: "#16202d" }, x: 0, xref: "container", xanchor: "left", y: 1, yref: "container", yanchor: "top",
      pad: { l: MARGIN, t: MARGIN },
    };
    layout.paper_bgcolor = "#ffffff";
    layout.autosize = false;
    layout.width = width + 2 * MARGIN; // the chart itself as wide as on the screen, or its words would not fit
    layout.height = height + head + MARGIN;
    return { data: fitted(chart), layout: layout, config: { responsive: false } };
  }

  async function save(button) {
    const chart = plot(button.dataset.graph);
    if (!chart || !window.Plotly || !chart.layout) return;
    const format = button.dataset.save;
    const says = document.getElementById(button.dataset.graph + "-says");
    const width = Math.max(720, Math.round(chart.clientWidth)), height = Math.round(chart.clientHeight);
    const made = paper(chart, button.dataset.title || document.title, says ? says.textContent : "", width, height);
    const size = { format: format, width: made.layout.width, height: made.layout.height, scale: 2 };
    const image = await window.Plotly.toImage(made, size);
    const link = document.createElement("a");
    link.href = image;
    link.download = (button.dataset.title || "budgetwatch") + "." + format;
    document.body.append(link);
    link.click();
    link.remove();
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-save]");
    if (!button || button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    save(button).finally(function () { button.removeAttribute("aria-busy"); });
  });
})();
