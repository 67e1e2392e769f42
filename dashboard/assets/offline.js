/* Reading what was opened while there is no network. */
(function () {
  "use strict";
})();
