"use strict";
// Warns before the session ends. It asks the app for the time left, which is not a
// visit: when the warning may be due, when the window gets the focus, and each second
// during the warning. Meanwhile another tab may extend or end the session.
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
        // The page still shows the name of a user who is now logged out.
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
