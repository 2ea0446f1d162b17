// Brings the page up to date every five seconds while somebody looks; without it, reloading does the same.
"use strict";
const EVERY_MS = 5000;
async function refresh() {
  if (document.hidden) return;
  const live = document.getElementById("live");
  try {
    const answer = await fetch("/", { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["facts", "content"]) document.getElementById(id).replaceWith(next.getElementById(id));
    document.title = next.title;
    live.dataset.state = "on";
    live.textContent = "live";
  } catch {
    live.dataset.state = "off";
    live.textContent = "no answer";
  }
}
setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
