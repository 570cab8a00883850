/** Attachments: list, download, upload with progress, removing. ui.md, section 7.6; contract/webclient.md, section 8.6. */

import { h, iconButton } from "../../../common/javascript/dom.js";
import { fileSize } from "../../../common/javascript/format.js";
import { getText, postForm, upload, withQuery } from "../../../common/javascript/http.js";
import { confirm, openDialog, reportError } from "../../../common/javascript/dialog.js";
import { knownJobs, whenNewJobsDone } from "../activities.js";
import {
  fetchAnnotations,
  isShown,
  merged,
  nothing,
  objectQuery,
  provenance,
  removableParents,
} from "./annotations.js";

const base = () => window.WEBCLIENT.URLS.webindex;

export class AttachmentsPane {
  constructor(about, body, { setCount, reload }) {
    Object.assign(this, { about, body, setCount, reload });
  }

  headerButton(open) {
    return iconButton(
      "plus",
      "Add attachments",
      async () => {
        open();
        if ((await attachDialog(this.about)) === "ok") await this.reload();
      },
      { "data-add": "file" },
    );
  }

  async load() {
    const { annotations, experimenters } = await fetchAnnotations(this.about, "file");
    const companion = window.OMERO.constants.namespaces.NSCOMPANIONFILE;
    const files = merged(
      annotations.filter((annotation) => annotation.file && (!companion || annotation.ns !== companion)),
    );
    this.setCount(files.length);
    const shown = files.filter((file) => isShown(this.about, { link: file.links[0] }));
    this.body.replaceChildren(
      shown.length
        ? h(
            "ul",
            { class: "files" },
            shown.map((file) => this.item(file, experimenters)),
          )
        : nothing("No attachments."),
    );
  }

  item(entry, experimenters) {
    const { annotation } = entry;
    const { file } = annotation;
    const parents = removableParents(entry.links);
    const title = provenance(entry, experimenters, { File: file.id, Mimetype: file.mimetype });
    const name = annotation.permissions.canDownload
      ? h("a", { href: `${base()}annotation/${annotation.id}/`, title }, file.name)
      : h("span", { title }, file.name);
    return h(
      "li",
      {},
      name,
      h("span", { class: "size" }, fileSize(file.size)),
      parents.length > 0 &&
        iconButton("minus", `Remove ${file.name}`, () => this.remove(annotation, parents)),
      annotation.permissions.canDelete &&
        iconButton("trash", `Delete ${file.name}`, () => this.delete(annotation)),
    );
  }

  async remove(annotation, parents) {
    if (
      !(await confirm(`Remove ${annotation.file.name} from here? The file itself is kept.`, {
        title: "Remove file?",
      }))
    )
      return;
    try {
      const answer = await postForm(`${base()}action/remove/file/${annotation.id}/`, {
        parent: parents.join("|"),
      });
      if (answer.bad === "true") throw new Error(String(answer.errs));
      await this.reload();
    } catch (error) {
      reportError("File not removed", error);
    }
  }

  async delete(annotation) {
    if (
      !(await confirm(`Delete ${annotation.file.name} for good?`, {
        title: "Delete file?",
        ok: "Delete",
        danger: true,
      }))
    )
      return;
    try {
      const before = knownJobs();
      const answer = await postForm(`${base()}action/delete/file/${annotation.id}/`, {});
      if (answer.bad === "true") throw new Error(String(answer.errs));
      const failed = await whenNewJobsDone(before);
      if (failed) throw new Error(failed);
      await this.reload();
    } catch (error) {
      reportError("File not deleted", error);
    }
  }
}

/** Existing files that can be attached: the options of the server's form. */
async function existingFiles(about) {
  const html = await getText(`${base()}annotate_file/?${objectQuery(about)}`);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return [...parsed.querySelectorAll("select[name=files] option")]
    .filter((option) => option.value)
    .map((option) => ({ id: option.value, name: option.textContent.trim() }));
}

function attachDialog(about) {
  const input = h("input", {
    type: "file",
    multiple: true,
    name: "annotation_file",
    "aria-label": "Local files",
  });
  const chosen = h("ul", { class: "files" });
  const zone = h("div", { class: "drop-zone" }, h("p", {}, "Drop files here, or choose them:"), input);
  const existing = h("select", { multiple: true, size: 7, "aria-label": "Existing files" });
  const progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  let files = [];
  const stop = new AbortController();
  const update = () => {
    chosen.replaceChildren(
      ...files.map((file) =>
        h("li", {}, h("span", {}, file.name), h("span", { class: "size" }, fileSize(file.size))),
      ),
    );
    dialog.buttons[1].disabled = !files.length && !existing.selectedOptions.length;
  };
  input.addEventListener("change", () => {
    files = [...files, ...input.files];
    update();
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    files = [...files, ...event.dataTransfer.files];
    update();
  });
  existing.addEventListener("change", update);
  const accept = async () => {
    const form = new FormData();
    for (const [type, id] of about.query) form.append(type, id);
    for (const option of existing.selectedOptions) form.append("files", option.value);
    for (const file of files) form.append("annotation_file", file);
    progress.hidden = false;
    await upload(
      withQuery(`${base()}annotate_file/`, {}),
      form,
      (fraction) => (progress.value = fraction),
      stop.signal,
    );
  };
  const dialog = openDialog({
    title: "Choose attachments",
    body: h(
      "div",
      {},
      zone,
      chosen,
      h("div", { class: "field" }, h("label", {}, "Or attach existing files"), existing),
      progress,
    ),
    buttons: [
      { label: "Cancel", value: "cancel", action: () => stop.abort() },
      { label: "Accept", value: "ok", primary: true, disabled: true, action: accept },
    ],
  });
  existingFiles(about)
    .then((options) => existing.append(...options.map((file) => h("option", { value: file.id }, file.name))))
    .catch((error) => existing.replaceWith(h("p", { class: "field-error" }, error.message)));
  return dialog;
}
