/** Brings the loaded details to life, whoever loaded them. ui.md, section 7. */

import { localTime } from "../../../common/javascript/format.js";
import { parameters } from "../../../common/javascript/http.js";
import { wireEditing } from "./editing.js";
import { startPanes } from "./panes.js";
import { wireToolbar } from "./toolbar.js";

const area = document.getElementById("metadata_general");

/** What the panes need to know of the shown object or objects. */
function subject(root) {
  const { type, id, objects } = root.dataset;
  const query = objects === undefined ? parameters({ [type]: id }) : new URLSearchParams(objects);
  return {
    type,
    id: id === undefined ? null : Number(id),
    query,
    count: [...query].length,
    canAnnotate: root.dataset.canAnnotate === "1",
    canEdit: root.dataset.canEdit === "1",
    show: "all",
    root,
  };
}

function start(root) {
  const about = subject(root);
  root.querySelectorAll("time[data-local]").forEach((time) => (time.textContent = localTime(time.dateTime)));
  const description = root.querySelector(".description .text:not(.empty)");
  if (description) window.OME.linkify_element(window.jQuery(description));
  wireEditing(about);
  wireToolbar(about);
  startPanes(about);
}

/** A name that was changed in the tree. */
window.jQuery("body").on("object_renamed.ome", (event, { type, id, name }) => {
  const root = area.querySelector(`.general[data-type="${type}"][data-id="${id}"]`);
  const shown = root?.querySelector(".object-name [data-value]");
  if (shown) shown.textContent = name;
});

new MutationObserver(() => {
  const root = area.querySelector(".general:not([data-started])");
  if (!root) return;
  root.dataset.started = "1";
  start(root);
}).observe(area, { childList: true, subtree: true });
