/** Modal dialogs and short messages. ui.md, UI-GEN-08, 09, 13 and UI-FIX-10, 39. */

import { h, iconButton, freshId, spinner } from "./dom.js";

/**
 * Open a modal dialog; the browser traps focus and returns it.
 *
 * `buttons`: list of {label, value, primary, danger, action}. `action()` may be async; when it returns false or throws,
 * the dialog stays open. Resolves to the chosen button's value, null when closed.
 */
export function openDialog({ title, body, buttons = [], wide = false, closable = true, onopen }) {
  const id = freshId("dialog");
  let answer = null;
  const dialog = h("dialog", { class: wide ? "dialog wide" : "dialog", "aria-labelledby": id });
  const made = buttons.map((spec) => {
    const kind = spec.primary ? "button primary" : spec.danger ? "button danger" : "button";
    const element = h("button", { type: "button", class: kind, disabled: spec.disabled }, spec.label);
    element.addEventListener("click", async () => {
      if (spec.action) {
        element.disabled = true;
        try {
          if ((await spec.action()) === false) return;
        } catch (error) {
          showError(error, body);
          return;
        } finally {
          element.disabled = false;
        }
      }
      answer = spec.value ?? spec.label;
      dialog.close();
    });
    return element;
  });
  dialog.append(
    h(
      "div",
      { class: "dialog-title" },
      h("h2", { id }, title),
      closable && iconButton("close", "Close", () => dialog.close()),
    ),
    h("div", { class: "dialog-body" }, body),
    ...(made.length ? [h("div", { class: "dialog-buttons" }, made)] : []),
  );
  document.body.append(dialog);
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
  });
  if (!closable) dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  onopen?.(dialog, made);
  return Object.assign(closed, { close: () => dialog.close(), element: dialog, buttons: made });
}

function showError(error, body) {
  body.parentElement.querySelector(":scope > .notice.error")?.remove();
  body.parentElement.prepend(h("p", { class: "notice error", role: "alert" }, error.message));
}

export async function confirm(
  text,
  { title = "Confirm", ok = "OK", cancel = "Cancel", danger = false } = {},
) {
  const answer = await openDialog({
    title,
    body: h("div", {}, typeof text === "string" ? h("p", {}, text) : text),
    buttons: [
      { label: cancel, value: "cancel" },
      { label: ok, value: "ok", primary: !danger, danger },
    ],
    onopen: (dialog, made) => made[1].focus(),
  });
  return answer === "ok";
}

export function alert(text, title = "Message") {
  return openDialog({
    title,
    body: h("p", {}, text),
    buttons: [{ label: "OK", value: "ok", primary: true }],
  });
}

/** Block the page with a spinner until `promise` settles. */
export async function whileWaiting(promise, text) {
  const box = openDialog({ title: text, body: spinner(text), closable: false });
  try {
    return await promise;
  } finally {
    box.close();
  }
}

function toasts() {
  let region = document.querySelector(".toasts");
  if (!region) {
    region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  return region;
}

/** A message in the corner; errors stay until closed. */
export function toast(text, kind = "info") {
  const box = h(
    "div",
    { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" },
    h("span", {}, text),
  );
  box.append(iconButton("close", "Dismiss", () => box.remove()));
  toasts().append(box);
  if (kind !== "error") setTimeout(() => box.remove(), 5000);
}

/** Report a failed action; silent for requests that were cancelled. */
export function reportError(what, error) {
  if (error?.name === "AbortError") return;
  toast(`${what}: ${error.message}`, "error");
}
