/** Keep-alive and what happens when the session is over. ui.md, UI-GEN-03, UI-LOGIN-09, UI-FIX-13. */

import { h } from "../../common/javascript/dom.js";
import { openDialog } from "../../common/javascript/dialog.js";

let told = false;

/** The page stays as it is: log in in another tab, then go on; or reload. */
function sessionEnded() {
  if (told) return;
  told = true;
  const url = `${window.WEBCLIENT.URLS.webindex}login/`;
  openDialog({
    title: "Your session has ended",
    body: h(
      "div",
      {},
      h("p", {}, "Log in again to go on. What you typed on this page is still here."),
      h("p", {}, h("a", { href: url, target: "_blank", rel: "noopener" }, "Log in in a new tab")),
    ),
    buttons: [
      { label: "Stay here", value: "stay" },
      { label: "Reload this page", value: "reload", primary: true, action: () => window.location.reload() },
    ],
  }).then(() => {
    told = false;
  });
}

export function startSession() {
  document.addEventListener("session-ended", sessionEnded);
  const settings = document.querySelector('meta[name="keepalive"]');
  const period = Number(settings?.content ?? 0);
  if (period > 0)
    setInterval(() => fetch(settings.dataset.url, { credentials: "same-origin" }).catch(() => null), period);
}
