"use strict";
// Warns before the session ends. It asks how long is left, which is no visit: when
// the warning may be due, when the window gets the focus, and each second while it
// warns. A visit in another tab makes the session longer, and a logout ends it.
(() => {
  const warning = document.getElementById("warning"), at = Number(warning.dataset.at);
  const often = 1000, seldom = 60000;
  let timer = 0;

  const look = async () => {
    clearTimeout(timer);
    let wait = 5 * often;
    try {
      const answer = await fetch("/left", { cache: "no-store" });
      if (answer.ok) {
        const { left, longer } = await answer.json();
        // The page has the name of a user who is logged out.
        if (left <= 0) return location.reload();
        document.getElementById("time-left").textContent = Math.ceil(left / 1000) + " s";
        document.getElementById("longer").hidden = !longer;
        warning.hidden = left > at;
        wait = left > at ? Math.min(left - at, seldom) : often;
      }
    } catch {
      // The app does not answer: ask later.
    }
    clearTimeout(timer);
    timer = setTimeout(look, wait);
  };

  window.addEventListener("focus", look);
  look();
})();
