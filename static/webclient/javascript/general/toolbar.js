/** Tool bar of the General tab: open with, download, parents, file paths, link. ui.md, section 7.2. */

import { h } from "../../../common/javascript/dom.js";
import { getJSON, getText } from "../../../common/javascript/http.js";
import { openDialog } from "../../../common/javascript/dialog.js";
import { menuButton } from "../../../common/javascript/menu.js";
import { isOpenerEnabled, openerUrl, runOpener } from "../open_with.js";
import { viewerUrl } from "../open_viewer.js";

const gateway = () => window.WEBCLIENT.URLS.webgateway.replace(/\/$/, "");
const SHOWN_PATHS = 2;

function selectedObjects(about) {
  const name = about.root.querySelector(".object-name [data-value]")?.textContent.trim() ?? "";
  return [...about.query].map(([type, id]) => ({ type, id: Number(id), name }));
}

function wireOpenWith(about) {
  const button = about.root.querySelector("#show_openwith_menu");
  const menu = about.root.querySelector("#right_panel_openwith");
  if (!button) return;
  const selected = selectedObjects(about);
  const fill = () =>
    menu.replaceChildren(
      ...window.WEBCLIENT.OPEN_WITH.map((entry) => {
        const url = openerUrl(entry, selected);
        const item = h(
          "a",
          {
            role: "menuitem",
            href: typeof url === "string" ? url : "#",
            target: "_blank",
            "data-openwithid": entry.id,
          },
          entry.label || entry.id,
        );
        const set = (enabled) => item.setAttribute("aria-disabled", String(!enabled));
        set(isOpenerEnabled(entry, selected, set));
        item.addEventListener("click", (event) => {
          event.preventDefault();
          if (item.getAttribute("aria-disabled") !== "true") runOpener(entry, selected);
        });
        return item;
      }),
    );
  menuButton(button, menu, fill);
  button.disabled = window.WEBCLIENT.OPEN_WITH.length === 0;
}

function wireDownload(about) {
  const button = about.root.querySelector("[data-download-menu]");
  const menu = about.root.querySelector("[data-download-items]");
  if (!button) return;
  const image = menu.dataset.image || null;
  const base = window.WEBCLIENT.URLS.webindex;
  const ids = [...about.query].filter(([type]) => type === "image").map(([, id]) => id);
  const canExport = menu.dataset.canExport === "1";
  const item = (label, href, enabled = true) =>
    h(
      "a",
      {
        role: "menuitem",
        href: enabled ? href : null,
        "aria-disabled": enabled ? null : "true",
        download: enabled ? "" : null,
      },
      label,
    );
  const single = ids.length <= 1;
  const archived = single
    ? `${gateway()}/archived_files/download/${image}/`
    : `${base}download_placeholder/?ids=${ids.map((id) => `image-${id}`).join("|")}`;
  const exportUrl = (format) =>
    single
      ? `${base}render_image_download/${image}/?format=${format}`
      : `${base}download_placeholder/?ids=${ids.map((id) => `image-${id}`).join("|")}&format=${format}`;
  menu.replaceChildren(
    item("Download...", archived),
    item("Export as JPEG", exportUrl("jpeg"), canExport),
    item("Export as PNG", exportUrl("png"), canExport),
    item("Export as TIFF", exportUrl("tif"), canExport),
  );
  menuButton(button, menu);
}

/** Fill or hide the info panel; a second click on the same button hides it. */
function toggleInfo(about, button, load) {
  button?.addEventListener("click", async () => {
    const panel = about.root.querySelector("[data-info]");
    const open = button.getAttribute("aria-pressed") !== "true";
    about.root
      .querySelectorAll("[data-show-hierarchy], [data-show-paths]")
      .forEach((other) => other.setAttribute("aria-pressed", "false"));
    panel.hidden = !open;
    if (!open) return;
    button.setAttribute("aria-pressed", "true");
    panel.replaceChildren("Loading...");
    try {
      panel.replaceChildren(...(await load()));
    } catch (error) {
      panel.replaceChildren(h("p", { class: "field-error" }, error.message));
    }
  });
}

async function parents(about) {
  const html = await getText(
    `${window.WEBCLIENT.URLS.webindex}metadata_hierarchy/${about.type}/${about.id}/`,
  );
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
}

function pathList(title, paths) {
  const items = paths.map((path, index) => h("li", { hidden: index >= SHOWN_PATHS }, path));
  const more =
    paths.length > SHOWN_PATHS && h("button", { type: "button", class: "button small" }, "Show more...");
  more &&
    more.addEventListener("click", () => {
      items.forEach((item) => (item.hidden = false));
      more.remove();
    });
  return paths.length ? [h("h3", {}, title), h("ul", {}, items), more || ""] : [];
}

async function filePaths(about) {
  const answer = await getJSON(`${gateway()}/original_file_paths/${about.id}/`);
  const facts = [`${answer.repo.length} file${answer.repo.length === 1 ? "" : "s"}`];
  return [
    h("p", {}, facts.join(" · ")),
    ...pathList("Imported from", answer.client),
    ...pathList("On the server", answer.repo),
  ];
}

function showLink(about) {
  const keys = [...about.query]
    .map(([type, id]) => `${type === "acquisition" ? "run" : type}-${id}`)
    .join("|");
  const field = h("input", {
    type: "text",
    readonly: true,
    "aria-label": "Link",
    value: `${window.location.origin}${window.WEBCLIENT.URLS.webindex}?show=${keys}`,
  });
  openDialog({
    title: "Link",
    body: field,
    buttons: [{ label: "Close", value: "close" }],
    onopen: () => field.select(),
  });
}

export function wireToolbar(about) {
  const { root } = about;
  wireOpenWith(about);
  wireDownload(about);
  toggleInfo(about, root.querySelector("[data-show-hierarchy]"), () => parents(about));
  toggleInfo(about, root.querySelector("[data-show-paths]"), () => filePaths(about));
  root.querySelector("[data-show-link]")?.addEventListener("click", () => showLink(about));
  root.querySelector("[data-toggle-info]")?.addEventListener("click", () => {
    const row = root.querySelector("[data-external]");
    if (row) row.hidden = !row.hidden;
  });
  const viewer = root.querySelector("[data-full-viewer]");
  const container = about.type === "image" ? window.OME.getTreeImageContainerBestGuess?.(about.id) : null;
  if (viewer && container?.type === "dataset") viewer.href = viewerUrl(about.id, container.data.id);
}
