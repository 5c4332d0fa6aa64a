"use strict";
// The page counts the TTL down. It asks Redis again every five seconds, when the TTL
// has run down, and when the window gets the focus; less often during an outage.
// Asking renews no TTL and counts no visit.
(() => {
  const pause = 5000, longest = 60000;
  let wait = pause, timer = 0, end = 0;

  const holds = () => document.getElementById("holds");
  if (!holds()) return;

  const read = () => {
    const bar = document.getElementById("ttl");
    end = bar ? performance.now() + Number(bar.getAttribute("value")) : 0;
  };

  const tick = () => {
    const bar = document.getElementById("ttl");
    if (!bar || !end) return;
    const left = Math.max(0, end - performance.now());
    bar.value = left;
    document.getElementById("left").textContent = inWords(Math.ceil(left / 1000));
    if (left === 0) {
      end = 0;
      look();
    }
  };

  // Left in panel.go does the same. The page has the words.
  const inWords = (all) => {
    const parts = { h: Math.floor(all / 3600), m: Math.floor(all / 60) % 60, s: all % 60, all };
    const form = document.getElementById("left").dataset.forms.split("|")[all <= 120 ? 0 : all < 3600 ? 1 : 2];
    return form.replace(/\{(\w+)\}/g, (_, part) => parts[part]);
  };

  const look = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(holds().dataset.look, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("holds");
      show(fresh);
      wait = fresh.querySelector("[data-away]") ? Math.min(wait * 2, longest) : pause;
    } catch {
      wait = Math.min(wait * 2, longest);
    }
    timer = setTimeout(look, wait);
  };

  // Only changed parts are replaced: a screen reader would read the others again.
  const show = (fresh) => {
    const ttl = fresh.querySelector("#ttl")?.getAttribute("value");
    for (const part of ["#state", "#held"]) {
      const old = holds().querySelector(part), now = fresh.querySelector(part);
      if (withoutTime(old) === withoutTime(now)) continue;
      old.replaceChildren(...now.childNodes);
    }
    document.getElementById("ttl")?.setAttribute("value", ttl);
    read();
  };

  const withoutTime = (node) => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("#ttl, #left").forEach((e) => e.remove());
    return copy.innerHTML;
  };

  read();
  setInterval(tick, 250);
  window.addEventListener("focus", look);
  timer = setTimeout(look, wait);
})();
