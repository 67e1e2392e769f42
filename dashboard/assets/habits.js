/* Search from anywhere, tours, remembered filters. */
(function () {
  "use strict";
})();
