/**
 * The one selection of the page: `$("body").data("selected_objects.ome")` and the event `selection_change.ome`, which
 * plug-ins read and trigger too. ui.md, section 4.1; contract/plugins.md, section 7.5.
 */

const $ = window.jQuery;
const KEY = "selected_objects.ome";
const EVENT = "selection_change.ome";

/** @returns {Array<{id: string, rel?: string, class?: string, fileset?: number, index?: number}>} */
export function getSelection() {
  return $("body").data(KEY) ?? [];
}

/** Write the selection and tell everybody. With `from`, the event is fired on that element and bubbles. */
export function setSelection(objects, { from = "body", argument } = {}) {
  $("body").data(KEY, objects);
  $(from).trigger(EVENT, argument === undefined ? undefined : [argument]);
}

export function onSelectionChange(listener) {
  $("body").on(EVENT, (event, argument) => listener(getSelection(), argument, event));
}

/** "image-12-3" → {type: "image", id: 12}. */
export function parseKey(key) {
  const [type, id] = key.split("-");
  return { type, id: Number(id) };
}

export function clearSelection() {
  setSelection([], { argument: true });
}
