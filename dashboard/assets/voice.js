/* Says to screen readers what a changed filter, sorting or page brought: the count that stands on the screen, or that
   nothing was found. A live region must be there before its words are; so it stands beside the page, empty at first. */
(function () {
  "use strict";
  const voice = document.createElement("div");
  voice.id = "voice";
  voice.className = "visually-hidden";
  voice.setAttribute("role", "status");
  document.body.append(voice);
  let path = location.pathname;
  let query = location.search;

  /* The list's own count; where it has none, the sentence of an empty list, else the line under the title. */
  function result() {
    const said = document.querySelector("#page .pager-count") || document.querySelector("#page .empty-what") || document.querySelector("#page .page-head .lead");
    return said ? said.textContent.trim() : "";
  }

  document.addEventListener("budgetwatch:ready", function (event) {
    const same = event.detail.path === path;
    const changed = location.search !== query;
    path = event.detail.path;
    query = location.search;
    if (!same) voice.textContent = ""; // the title takes the focus and is read
    else if (changed && !event.detail.refused && !document.querySelector("dialog[open]")) {
      const words = result();
      // The same words twice are said twice.
      voice.textContent = voice.textContent === words ? words + "\u00a0" : words;
    }
  });
})();
