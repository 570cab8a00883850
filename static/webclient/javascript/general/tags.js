/** Tags: chips, removing, the tagging dialog. ui.md, section 7.3. */

import { h, iconButton } from "../../../common/javascript/dom.js";
import { postForm } from "../../../common/javascript/http.js";
import { confirm, reportError } from "../../../common/javascript/dialog.js";
import { fetchAnnotations, merged, nothing, provenance, removableParents } from "./annotations.js";
import { tagDialog } from "./tag_dialog.js";

export class TagsPane {
  constructor(about, body, { setCount, reload }) {
    Object.assign(this, { about, body, setCount, reload, tags: [] });
  }

  headerButton(open) {
    return iconButton(
      "plus",
      "Add tags",
      async () => {
        open();
        try {
          if (await tagDialog(this.about, (await fetchAnnotations(this.about, "tag")).annotations))
            await this.reload();
        } catch (error) {
          reportError("Tags cannot be chosen", error);
        }
      },
      { "data-add": "tag" },
    );
  }

  async load() {
    const { annotations, experimenters } = await fetchAnnotations(this.about, "tag");
    const tags = merged(annotations);
    this.setCount(tags.length);
    this.body.replaceChildren(
      tags.length
        ? h(
            "ul",
            { class: "chips" },
            tags.map((tag) => this.chip(tag, experimenters)),
          )
        : nothing("No tags."),
    );
  }

  chip(tag, experimenters) {
    const { annotation } = tag;
    const parents = removableParents(tag.links);
    const url = `${window.WEBCLIENT.URLS.webindex}usertags/?show=tag-${annotation.id}`;
    const text = annotation.textValue ?? "";
    const remove =
      parents.length > 0 && iconButton("minus", `Remove tag ${text}`, () => this.remove(annotation, parents));
    const mine = tag.links.some((link) => link.owner.id === window.WEBCLIENT.USER.id);
    return h(
      "li",
      { class: "chip", title: provenance(tag, experimenters) },
      h("a", { href: url }, text, mine ? "" : " (by others)"),
      remove,
    );
  }

  async remove(annotation, parents) {
    if (!(await confirm(`Remove tag “${annotation.textValue}”?`, { title: "Remove tag?" }))) return;
    try {
      const answer = await postForm(`${window.WEBCLIENT.URLS.webindex}action/remove/tag/${annotation.id}/`, {
        parent: parents.join("|"),
      });
      if (answer.bad === "true") throw new Error(String(answer.errs));
      await this.reload();
    } catch (error) {
      reportError("Tag not removed", error);
    }
  }
}
