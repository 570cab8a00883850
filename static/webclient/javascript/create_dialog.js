/** New containers and tags. ui.md, section 3.8; contract/webclient.md, section 7.1. */

import { h, freshId } from "../../common/javascript/dom.js";
import { postForm } from "../../common/javascript/http.js";
import { openDialog } from "../../common/javascript/dialog.js";
import { may } from "./rights.js";

const $ = window.jQuery;
const LABELS = { project: "Project", dataset: "Dataset", screen: "Screen", tag: "Tag", tagset: "Tag Set" };
const PARENT = { dataset: "project", tag: "tagset" };
const ALL_RIGHTS = "canEdit canAnnotate canLink canDelete canChgrp isOwned";

const tree = () => $.jstree.reference("#dataTree");

/** The selected container that takes the new object, or that of the selected sibling. UI-NEW-04. */
function parentFor(kind) {
  const [node] = tree().get_selected(true);
  if (!node || !PARENT[kind]) return null;
  const found = [node, tree().get_node(node.parent)].find((candidate) => candidate?.type === PARENT[kind]);
  return found && may(found.data.obj, "canLink") ? found : null;
}

/** Selected orphaned images go into a new dataset. UI-NEW-05. */
function orphansFor(kind) {
  if (kind !== "dataset") return [];
  return tree()
    .get_selected(true)
    .filter(
      (node) =>
        node.type === "image" &&
        tree().get_node(node.parent).type === "orphaned" &&
        may(node.data.obj, "canLink"),
    );
}

async function create(kind, values) {
  const parent = parentFor(kind);
  const orphans = orphansFor(kind);
  const base = `${window.WEBCLIENT.URLS.webindex}action/addnewcontainer/`;
  const body = { ...values };
  const { active_user: shown, USER } = window.WEBCLIENT;
  if (shown.id !== -1 && shown.id !== USER.id) body.owner = shown.id;
  if (orphans.length) body.image = orphans.map((node) => node.data.id);
  const answer = parent
    ? await postForm(`${base}${parent.type}/${parent.data.id}/`, body)
    : await postForm(base, { ...body, folder_type: kind });
  if (answer.bad === "true")
    throw new Error(typeof answer.errs === "string" ? answer.errs : "A name is required.");
  await show(kind, answer.id, values.name, parent, orphans);
}

async function show(kind, id, name, parent, orphans) {
  const instance = tree();
  const root = instance.get_node(instance.get_node("#").children[0]);
  const target = parent ?? root;
  const ownerId =
    window.WEBCLIENT.active_user.id === -1 ? window.WEBCLIENT.USER.id : window.WEBCLIENT.active_user.id;
  const object = { id, name, ownerId, childCount: orphans.length, permsCss: ALL_RIGHTS, isOwned: true };
  if (kind === "tagset") object.set = true;
  const opened = instance.is_loaded(target);
  if (!opened) {
    target.children = true;
    target.state.loaded = false;
    await new Promise((resolve) => instance.load_node(target, resolve));
  }
  let [node] = instance.locate_node(`${kind}-${id}`, target) || [];
  if (!node) {
    const made = instance.create_node(target, {
      type: kind,
      text: name,
      children: orphans.length > 0 || kind.startsWith("tag"),
      data: { id, obj: object },
      li_attr: { "data-id": id, "data-type": kind, class: ALL_RIGHTS },
    });
    node = instance.get_node(made);
  }
  if (parent && opened) instance.add_to_count(parent, 1);
  for (const image of orphans) {
    instance.add_to_count(image.parent, -1);
    instance.delete_node(image);
  }
  await new Promise((resolve) =>
    instance.is_open(target) ? resolve() : instance.open_node(target, resolve),
  );
  instance.deselect_all(true);
  instance.select_node(node);
  instance.get_node(node, true)[0]?.scrollIntoView({ block: "nearest" });
}

export function createDialog(kind) {
  const nameId = freshId("name");
  const descriptionId = freshId("description");
  const parent = parentFor(kind);
  const { active_user: shown, USER } = window.WEBCLIENT;
  const name = h("input", {
    type: "text",
    id: nameId,
    name: "name",
    maxlength: 255,
    required: true,
    autofocus: true,
  });
  const description = h("textarea", { id: descriptionId, name: "description", rows: 2 });
  const problem = h("p", { class: "field-error", role: "alert" });
  const form = h(
    "form",
    {},
    h("p", {}, `New ${LABELS[kind]}${parent ? ` in ${LABELS[parent.type]} “${parent.text}”` : ""}`),
    shown.id !== -1 && shown.id !== USER.id
      ? h("p", { class: "notice" }, `It will belong to ${shown.fullName}.`)
      : null,
    h("div", { class: "field" }, h("label", { for: nameId }, "Name:"), name, problem),
    h("div", { class: "field" }, h("label", { for: descriptionId }, "Description:"), description),
  );
  const submit = async () => {
    problem.textContent = "";
    if (!name.value.trim()) {
      problem.textContent = "A name is required.";
      name.focus();
      return false;
    }
    await create(kind, { name: name.value.trim(), description: description.value });
    return true;
  };
  const dialog = openDialog({
    title: `Create ${LABELS[kind]}`,
    body: form,
    buttons: [
      { label: "Cancel", value: "cancel" },
      { label: "OK", value: "ok", primary: true, action: submit },
    ],
    onopen: () => name.focus(),
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.buttons[1].click();
  });
  return dialog;
}
