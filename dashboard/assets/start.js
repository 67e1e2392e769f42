/* Dash starts here, last of all scripts: it draws into an element outside the page, which takes the place of what the
   server has drawn as soon as it is whole (shell.js). */
(function () {
  "use strict";
  const root = document.getElementById("react-entry-point");
  window.renderer = new window.DashRenderer();
  window.budgetwatch.begin(root);
})();
