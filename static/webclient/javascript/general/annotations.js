/** Annotations of the shown objects. contract/webclient.md, section 8.1. */

import { h } from "../../../common/javascript/dom.js";
import { localTime } from "../../../common/javascript/format.js";
import { getJSON } from "../../../common/javascript/http.js";

/** Query of api/annotations/ or annotate_*: repeated object parameters and more. */
export function objectQuery(about, more = {}) {
  const query = new URLSearchParams(about.query);
  for (const [name, value] of Object.entries(more)) query.append(name, value);
  return query;
}

/** {annotations, experimenters: Map id → name, parents}; each annotation knows its link. */
export async function fetchAnnotations(about, type, more = {}) {
  const answer = await getJSON(
    `${window.WEBCLIENT.URLS.webindex}api/annotations/?${objectQuery(about, { type, ...more })}`,
  );
  const experimenters = new Map(
    answer.experimenters.map((user) => [
      user.id,
      `${user.firstName} ${user.lastName}`.trim() || user.omeName,
    ]),
  );
  return { annotations: answer.annotations, parents: answer.parents, experimenters };
}

/** "Show added by me / others" decides by who linked. UI-GT-03. */
export function isShown(about, annotation) {
  const mine = annotation.link.owner.id === window.WEBCLIENT.USER.id;
  return about.show === "all" || (about.show === "me") === mine;
}

/** Links of the same annotation under one entry: {annotation, links}. UI-BAT-04. */
export function merged(annotations) {
  const byId = new Map();
  for (const annotation of annotations) {
    if (!byId.has(annotation.id)) byId.set(annotation.id, { annotation, links: [] });
    byId.get(annotation.id).links.push(annotation.link);
  }
  return [...byId.values()];
}

/** Who made and linked it, for tooltips. UI-TAG-02. */
export function provenance({ annotation, links }, experimenters, more = {}) {
  const name = (id) => experimenters.get(id) ?? `user ${id}`;
  const lines = [`ID: ${annotation.id}`, `Owner: ${name(annotation.owner.id)}`];
  for (const link of links.slice(0, 20)) {
    const place = links.length > 1 ? ` (${link.parent.class.replace(/I$/, "")} ${link.parent.id})` : "";
    lines.push(`Linked by: ${name(link.owner.id)} on ${localTime(link.date)}${place}`);
  }
  if (annotation.description) lines.push(`Description: ${annotation.description}`);
  if (annotation.ns) lines.push(`Namespace: ${annotation.ns}`);
  for (const [key, value] of Object.entries(more)) lines.push(`${key}: ${value}`);
  return lines.join("\n");
}

/** "image-1|dataset-2" of the links that may be removed, as `action/remove` wants it. */
export function removableParents(links) {
  const word = (link) =>
    ({ PlateAcquisitionI: "acquisition" })[link.parent.class] ??
    link.parent.class.replace(/I$/, "").toLowerCase();
  return links.filter((link) => link.permissions.canDelete).map((link) => `${word(link)}-${link.parent.id}`);
}

export function nothing(text) {
  return h("p", { class: "empty-hint" }, text);
}
