/** Other kinds of annotations, read only. ui.md, UI-OTH-01. */

import { button, h } from "../../../common/javascript/dom.js";
import { openDialog } from "../../../common/javascript/dialog.js";
import { fetchAnnotations, isShown, nothing, provenance } from "./annotations.js";

const CUT = 20;

function value(annotation) {
  const found = [
    annotation.textValue,
    annotation.longValue,
    annotation.doubleValue,
    annotation.boolValue,
    annotation.timeValue,
    annotation.termValue,
  ].find((one) => one !== undefined && one !== null);
  return found === undefined ? annotation.name || "(No data)" : String(found);
}

export class OthersPane {
  constructor(about, body, { setCount }) {
    Object.assign(this, { about, body, setCount });
  }

  async load() {
    const { annotations, experimenters } = await fetchAnnotations(this.about, "custom");
    this.setCount(annotations.length);
    const rows = annotations
      .filter((annotation) => isShown(this.about, annotation))
      .sort((a, b) => b.date.localeCompare(a.date))
      .map((annotation) => this.row(annotation, experimenters));
    this.body.replaceChildren(rows.length ? h("table", { class: "facts" }, rows) : nothing("Nothing else."));
  }

  row(annotation, experimenters) {
    const kind = annotation.class.replace(/AnnotationI$/, "");
    const text = value(annotation);
    const isXml = kind === "Xml" && text.length > CUT;
    const shown = isXml
      ? [
          `${text.slice(0, CUT)}… `,
          button("Open", () => openDialog({ title: "XML", wide: true, body: h("pre", {}, text) }), {
            class: "button small",
          }),
        ]
      : text;
    return h(
      "tr",
      { title: provenance({ annotation, links: [annotation.link] }, experimenters) },
      h("th", { scope: "row" }, kind),
      h("td", {}, shown),
    );
  }
}
