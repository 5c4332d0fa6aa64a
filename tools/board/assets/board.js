"use strict";
// The page asks the board again every two seconds, and gets a full answer only if
// something has changed. A hidden page asks nothing. While the board does not
// answer, the pauses grow. All words are in the page, in its language.
(() => {
  const pause = 2000, longest = 30000;
  const live = document.getElementById("live"), away = document.getElementById("away");
  let wait = pause, timer = 0, tag = "", looking = false;

  const look = async () => {
    clearTimeout(timer);
    if (document.hidden || looking) return;
    looking = true;
    try {
      const answer = await fetch(live.dataset.from, {
        cache: "no-store", headers: tag ? { "If-None-Match": tag } : {}, signal: AbortSignal.timeout(10000),
      });
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(answer.status === 403 ? away.dataset.moved : "");
        ahead = Date.now() - Date.parse(answer.headers.get("Date")) || 0;
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
        tag = answer.headers.get("ETag");
      }
      say("");
      wait = pause;
    } catch (problem) {
      const ours = problem.name === "Error" && problem.message;
      say(ours || away.dataset.silent);
      wait = Math.min(wait * 2, longest);
    }
    looking = false;
    timer = setTimeout(look, wait);
  };

  // The clock of the board's machine counts, not that of this browser.
  let ahead = 0;
  const count = () => {
    const at = document.getElementById("countdown");
    if (!at?.dataset.until) return;
    const left = Math.max(0, Math.ceil((at.dataset.until - Date.now() + ahead) / 1000));
    at.textContent = `${at.dataset.for}: ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  };
  setInterval(count, 500);

  // Only what changed is replaced, so that a screen reader reads only the news.
  const show = (fresh) => {
    const end = fresh.querySelector("#countdown"), shown = live.querySelector("#countdown");
    if (end && shown && end.dataset.until !== shown.dataset.until) {
      if (end.dataset.until) shown.dataset.until = end.dataset.until;
      else delete shown.dataset.until;
      shown.textContent = end.textContent;
      count();
    }
    for (const part of ["#latest", "#counts", "#stuck", "#learners", "#learner", "#origin"]) {
      const old = live.querySelector(part), now = fresh.querySelector(part);
      if (!old || !now || old.innerHTML === now.innerHTML) continue;
      const chosen = old.value;
      old.replaceChildren(...now.childNodes);
      // A new list must not change what the teacher has chosen in it.
      if (chosen !== undefined) old.value = chosen;
    }
  };

  const say = (text) => {
    if (away.textContent !== text) away.textContent = text;
  };

  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, wait);
})();
