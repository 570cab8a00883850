/** Comments, newest first. ui.md, UI-COM; contract/webclient.md, section 8.5. */

import { button, h, iconButton } from "../../../common/javascript/dom.js";
import { localTime } from "../../../common/javascript/format.js";
import { postForm } from "../../../common/javascript/http.js";
import { confirm, reportError } from "../../../common/javascript/dialog.js";
import { fetchAnnotations, isShown, merged, removableParents } from "./annotations.js";

const base = () => window.WEBCLIENT.URLS.webindex;

export class CommentsPane {
  constructor(about, body, { setCount, reload }) {
    Object.assign(this, { about, body, setCount, reload });
  }

  async load() {
    const { annotations, experimenters } = await fetchAnnotations(this.about, "comment");
    const comments = merged(annotations).sort(
      (a, b) => b.annotation.date.localeCompare(a.annotation.date) || b.annotation.id - a.annotation.id,
    );
    this.setCount(comments.length);
    const shown = comments.filter((comment) => isShown(this.about, { link: comment.links[0] }));
    const list = h(
      "ul",
      { class: "comments" },
      shown.map((comment) => this.item(comment, experimenters)),
    );
    this.body.replaceChildren(...(this.about.canAnnotate ? [this.form()] : []), list);
    window.OME.linkify_element(window.jQuery(list).find(".text"));
  }

  form() {
    const text = h("textarea", { rows: 2, placeholder: "Add Comment:", "aria-label": "Add Comment" });
    const submit = button("Add Comment", () => this.add(text), {
      class: "button small primary",
      hidden: true,
    });
    text.addEventListener("focus", () => (submit.hidden = false));
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.add(text);
    });
    return h("div", { class: "comment-form" }, text, submit);
  }

  async add(field) {
    if (!field.value.trim()) return;
    const values = { comment: field.value.trim() };
    for (const type of new Set(this.about.query.keys())) values[type] = this.about.query.getAll(type);
    try {
      const answer = await postForm(`${base()}annotate_comment/`, values);
      if (typeof answer === "string") throw new Error("The server refused the comment.");
      await this.reload();
    } catch (error) {
      reportError("Comment not added", error);
    }
  }

  item({ annotation, links }, experimenters) {
    const name = experimenters.get(annotation.owner.id) ?? "";
    const parents = removableParents(links);
    return h(
      "li",
      {},
      h("img", { src: `${base()}avatar/${annotation.owner.id}/`, alt: "" }),
      h("span", { class: "who" }, h("b", {}, name), ` at ${localTime(annotation.date)}`),
      parents.length
        ? iconButton("close", "Delete comment", () => this.remove(annotation, parents))
        : h("span"),
      h("div", { class: "text" }, annotation.textValue ?? ""),
    );
  }

  async remove(annotation, parents) {
    if (!(await confirm("Delete this comment?", { title: "Delete comment?", ok: "Delete", danger: true })))
      return;
    try {
      const answer = await postForm(`${base()}action/remove/comment/${annotation.id}/`, {
        parent: parents.join("|"),
      });
      if (answer.bad === "true") throw new Error(String(answer.errs));
      await this.reload();
    } catch (error) {
      reportError("Comment not deleted", error);
    }
  }
}
