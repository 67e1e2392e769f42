/* Charts: pressing a mark leads where its table's link leads; a chart taken away as a picture carries its sentence. */
(function () {
  "use strict";
  const MARGIN = 16;

  function plot(id) { return document.querySelector("#" + CSS.escape(id) + " .js-plotly-plot"); }

  // Handlers are put on a chart when it is first touched: no chart need be there when the page opens.
  function meet(event) {
    const chart = event.target.closest && event.target.closest(".js-plotly-plot");
    if (!chart || chart.dataset.met || !chart.on) return;
    chart.dataset.met = "1";
    const where = function (data) {
      const mark = data.points && data.points[0];
      return mark && Array.isArray(mark.customdata) ? mark.customdata[1] || "" : "";
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
    layout.width = width;
    layout.height = height + head + MARGIN;
    return { data: chart.data, layout: layout, config: { responsive: false } };
  }

  async function save(button) {
    const chart = plot(button.dataset.graph);
    if (!chart || !window.Plotly || !chart.layout) return;
    const format = button.dataset.save;
    const says = document.getElementById(button.dataset.graph + "-says");
    const width = Math.max(720, Math.round(chart.clientWidth)), height = Math.round(chart.clientHeight);
    const made = paper(chart, button.dataset.title || document.title, says ? says.textContent : "", width, height);
    const image = await window.Plotly.toImage(made, { format: format, width: width, height: made.layout.height, scale: 2 });
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
