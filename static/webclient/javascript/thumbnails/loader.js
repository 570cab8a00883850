/** Thumbnails as data, fetched in batches of visible images. ui.md, UI-CEN-06. */

import { getJSON } from "../../../common/javascript/http.js";

/** Image id → data URL, for the life of the page. */
const cache = new Map();

export function cached(id) {
  return cache.get(id);
}

export function forget(ids) {
  if (ids) ids.forEach((id) => cache.delete(id));
  else cache.clear();
}

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

async function one(id, signal) {
  const answer = await getJSON(`${window.WEBCLIENT.URLS.webindex}get_thumbnail/${id}/`, {}, { signal });
  cache.set(id, answer);
  return answer;
}

/** Load `ids`, calling `onLoaded(id, dataUrl or null)` for each. A failing batch is retried image by image. */
export async function load(ids, onLoaded, signal) {
  for (const batch of chunks(ids, window.WEBCLIENT.THUMBNAILS_BATCH)) {
    try {
      const answer = await getJSON(
        `${window.WEBCLIENT.URLS.webindex}get_thumbnails/`,
        { id: batch },
        { signal },
      );
      for (const id of batch) {
        if (answer[id]) cache.set(id, answer[id]);
        onLoaded(id, answer[id] ?? null);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      for (const id of batch) onLoaded(id, await one(id, signal).catch(() => null));
    }
  }
}
