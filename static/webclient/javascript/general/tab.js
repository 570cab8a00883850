/** The General tab: loads the details of the selection. ui.md, UI-SEL-12, 13; contract/webclient.md, section 15. */

import { h, spinner } from "../../../common/javascript/dom.js";
import { getText } from "../../../common/javascript/http.js";
import { getSelection, onSelectionChange } from "../selection.js";

const $ = window.jQuery;
const area = document.getElementById("metadata_general");
let request = null;

const ANNOTATED = ["project", "dataset", "image", "screen", "plate", "acquisition", "well", "tag", "tagset"];

/** Where the details of this selection come from; null when there is nothing to ask. */
function address(selected) {
  const base = window.WEBCLIENT.URLS.webindex;
  if (selected.length === 1) {
    const [type, id] = selected[0].id.split("-");
    const custom = window.OME.getCustomRightPanelUrl?.(selected[0].id);
    if (custom) return custom;
    if (!ANNOTATED.includes(type)) return null;
    const index = selected[0].index === undefined ? "" : `?index=${selected[0].index}`;
    return `${base}metadata_details/${type}/${id}/${index}`;
  }
  const query = selected.map((entry) => entry.id.split("-").slice(0, 2).join("=")).join("&");
  return `${base}batch_annotate/?${query}`;
}

function isVisible() {
  const tabs = $("#annotation_tabs");
  return !tabs.data("ui-tabs") || tabs.tabs("option", "active") === 0;
}

async function load() {
  if (!isVisible() || area.childElementCount) return;
  const selected = getSelection();
  if (!selected.length) return;
  const url = address(selected);
  if (!url) {
    if (selected[0].rel === "orphaned")
      area.append(
        h(
          "p",
          { class: "empty-hint" },
          window.WEBCLIENT.UI.ORPHANS.description || "Images that are in no dataset.",
        ),
      );
    return;
  }
  request?.abort();
  request = new AbortController();
  area.replaceChildren(spinner());
  try {
    const html = await getText(url, {}, { signal: request.signal });
    area.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  } catch (error) {
    if (error.name !== "AbortError") area.replaceChildren(h("p", { class: "notice error" }, error.message));
  }
}

onSelectionChange(() => {
  request?.abort();
  area.replaceChildren();
  load();
});
$("#annotation_tabs").on("tabsactivate", load);

/** Load the details anew, for changes that the server made. */
$("body").on("reload_general.ome", () => {
  area.replaceChildren();
  load();
});
