/** Name, description and channel names, edited in place. ui.md, UI-GT-04, 05, 20 to 22. */

import { button, h } from "../../../common/javascript/dom.js";
import { postForm } from "../../../common/javascript/http.js";
import { confirm } from "../../../common/javascript/dialog.js";
import { requestName, showName } from "../tree/rename.js";

const $ = window.jQuery;

/** Replace `host`'s content by a form; `save(values)` may throw, its message is shown above the field. */
function openForm(host, fields, save, extraButtons = []) {
  const before = [...host.childNodes];
  const problem = h("p", { class: "field-error", role: "alert" });
  const close = () => host.replaceChildren(...before);
  const submit = h("button", { type: "submit", class: "button small primary" }, "Save");
  const run = async (event, action = save) => {
    event?.preventDefault();
    problem.textContent = "";
    const all = [submit, ...extraButtons];
    all.forEach((one) => (one.disabled = true));
    try {
      await action();
      close();
      return true;
    } catch (error) {
      problem.textContent = error.message;
      return false;
    } finally {
      all.forEach((one) => (one.disabled = false));
    }
  };
  const form = h(
    "form",
    { class: "inline-form", on: { submit: run } },
    problem,
    fields,
    h("div", { class: "buttons" }, submit, extraButtons, button("Cancel", close, { class: "button small" })),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  host.replaceChildren(form);
  fields[0].querySelector?.("input")?.focus();
  if (fields[0].matches("input, textarea")) fields[0].focus();
  return { run, close };
}

function editName(about, host) {
  const value = host.querySelector("[data-value]");
  const input = h("input", {
    type: "text",
    value: value.textContent.trim(),
    "aria-label": "Name",
    maxlength: 255,
  });
  openForm(host, [input], async () => {
    const name = input.value.trim();
    if (!name) throw new Error("A name is required.");
    await requestName(about.type, about.id, name);
    value.textContent = name;
    const tree = $.jstree?.reference("#dataTree");
    if (tree) showName(tree, about.type, about.id, name);
  });
}

function editDescription(about, host) {
  const value = host.querySelector("[data-value]");
  const isEmpty = value.classList.contains("empty");
  const area = h("textarea", { rows: 3, "aria-label": "Description" });
  area.value = isEmpty ? "" : value.textContent;
  openForm(host, [area], async () => {
    const answer = await postForm(
      `${window.WEBCLIENT.URLS.webindex}action/savedescription/${about.type}/${about.id}/`,
      { description: area.value },
    );
    if (answer.bad === "true") throw new Error(String(answer.errs));
    value.textContent = area.value || "Add Description";
    value.classList.toggle("empty", !area.value);
    if (area.value) window.OME.linkify_element($(value));
  });
}

/** The one dataset or plate of an image, for "Apply to All". */
function knownParent(imageId) {
  const node = window.OME.getTreeImageContainerBestGuess?.(imageId);
  return node && ["dataset", "plate"].includes(node.type) ? { type: node.type, id: node.data.id } : null;
}

function editChannels(about, cell) {
  const names = [...cell.querySelectorAll("[data-channel]")].map((span) => span.textContent);
  const inputs = names.map((name, index) =>
    h("input", { type: "text", value: name, maxlength: 255, "aria-label": `Name of channel ${index + 1}` }),
  );
  const shown = cell.querySelector("[data-value]");
  const send = async (more) => {
    const values = Object.fromEntries(inputs.map((input, index) => [`channel${index}`, input.value]));
    const answer = await postForm(`${window.WEBCLIENT.URLS.webindex}edit_channel_names/${about.id}/`, {
      ...values,
      ...more,
    });
    if (answer.error) throw new Error(answer.error);
    const saved = Object.values(answer.channelNames);
    shown.replaceChildren(
      ...saved.flatMap((name, index) => [index ? ", " : "", h("span", { "data-channel": true }, name)]),
    );
  };
  const parent = knownParent(about.id);
  let form = null;
  const all =
    parent &&
    button(
      "Apply to All",
      async () => {
        const agreed = await confirm(
          `Apply these channel names to all images of this ${parent.type}? This cannot be undone.`,
          { ok: "Continue" },
        );
        if (agreed)
          form.run(null, () => send({ confirm_apply: "true", parentId: `${parent.type}-${parent.id}` }));
      },
      { class: "button small" },
    );
  form = openForm(cell, inputs, () => send({}), all ? [all] : []);
}

export function wireEditing(about) {
  about.root.addEventListener("click", (event) => {
    const starter = event.target.closest("[data-start-edit]");
    if (starter) {
      const host = starter.closest("[data-edit]");
      if (host.dataset.edit === "name") editName(about, host);
      else editDescription(about, host);
    }
    const channels = event.target.closest("[data-edit-channels]");
    if (channels) editChannels(about, channels.closest("[data-channels]"));
  });
}
