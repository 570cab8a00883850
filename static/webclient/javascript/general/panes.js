/** The annotation sections: open, close, remember, load when first opened. ui.md, UI-GT-01 to 03. */

import { h, spinner } from "../../../common/javascript/dom.js";
import { AttachmentsPane } from "./attachments.js";
import { CommentsPane } from "./comments.js";
import { KeyValuePane } from "./key_values.js";
import { OthersPane } from "./others.js";
import { RatingsPane } from "./ratings.js";
import { TagsPane } from "./tags.js";

const { OME } = window;

/** Open sections, for the life of the page. */
const expanded = new Set(["details", "tag", "map"]);

OME.setPaneExpanded = (name, open) => (open ? expanded.add(name) : expanded.delete(name));
OME.getPaneExpanded = (name) => expanded.has(name);

const PANES = {
  tag: TagsPane,
  map: KeyValuePane,
  file: AttachmentsPane,
  comment: CommentsPane,
  rating: RatingsPane,
  other: OthersPane,
};

function setCount(section, count) {
  const chip = section.querySelector("[data-count]");
  if (!chip) return;
  chip.textContent = String(count);
  chip.classList.toggle("none", count === 0);
}

class Section {
  constructor(about, element) {
    this.about = about;
    this.element = element;
    this.name = element.dataset.pane;
    this.body = element.querySelector(".pane-body");
    this.toggle = element.querySelector(".pane-toggle");
    const Pane = PANES[this.name];
    this.pane = Pane
      ? new Pane(about, this.body, {
          setCount: (count) => setCount(element, count),
          reload: () => this.load(),
        })
      : null;
    this.loaded = false;
    this.toggle.addEventListener("click", () => this.set(this.body.hidden));
    if (this.pane?.headerButton && about.canAnnotate)
      element.querySelector("h3").append(this.pane.headerButton(() => this.set(true)));
    this.set(expanded.has(this.name));
  }

  set(open) {
    this.body.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
    OME.setPaneExpanded(this.name, open);
    if (open && this.pane && !this.loaded) this.load();
  }

  async load() {
    this.loaded = true;
    if (!this.body.childElementCount) this.body.append(spinner());
    try {
      await this.pane.load();
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "field-error" }, error.message));
    }
  }
}

export function startPanes(about) {
  const sections = [...about.root.querySelectorAll(".pane")].map((element) => new Section(about, element));
  about.root.querySelector("[data-annotations-of]")?.addEventListener("change", (event) => {
    about.show = event.target.value;
    sections.filter((section) => section.pane && section.loaded).forEach((section) => section.load());
  });
}
