/** One image in the centre panel: a card in the grid, a row in the list. ui.md, UI-CEN-02, 04, 10. */

import { h } from "../../../common/javascript/dom.js";
import { viewerUrl } from "../open_viewer.js";

/** Columns of the list: heading, and the value of an image to sort by. */
export const COLUMNS = [
  ["Name", (image) => image.name.toLowerCase()],
  ["Date", (image) => image.acqDate ?? image.date ?? ""],
  ["Size X", (image) => image.sizeX ?? 0],
  ["Size Y", (image) => image.sizeY ?? 0],
  ["Size Z", (image) => image.sizeZ ?? 0],
  ["Size T", (image) => image.sizeT ?? 0],
];

const DATE = {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
};

/** `thumbnail`: data URL when it is at hand; `datasetId`: of the dataset that is shown, or null. */
export function card(image, thumbnail, datasetId) {
  const picture = thumbnail
    ? h("img", { src: thumbnail, alt: image.name, draggable: "false" })
    : h("span", { class: "placeholder", role: "img", "aria-label": image.name });
  const date = image.acqDate ?? image.date;
  const cell = (text) => h("span", { class: "cell" }, text);
  return h(
    "li",
    {
      id: `image_icon-${image.id}`,
      role: "option",
      tabindex: -1,
      "aria-selected": "false",
      "aria-label": image.name,
      title: image.name,
      "data-id": image.id,
      "data-fileset": image.filesetId,
      "data-perms": image.permsCss,
    },
    h(
      "a",
      { class: "thumb", href: viewerUrl(image.id, datasetId), tabindex: -1, draggable: "false" },
      picture,
    ),
    h("span", { class: "caption" }, image.name),
    cell(date ? new Date(date).toLocaleString(undefined, DATE) : ""),
    [image.sizeX, image.sizeY, image.sizeZ, image.sizeT].map((size) => cell(String(size ?? ""))),
  );
}
