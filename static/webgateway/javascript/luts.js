/** Lookup tables of the server and their samples. contract/webgateway.md, section 13. */

import { getJSON } from "../../common/javascript/http.js";

let answer = null;

/** [{name, row}], fetched once per page. `server` and `gateway`: base URLs without trailing slash. */
export async function listLuts(server) {
  answer ??= getJSON(`${server}/luts/`).catch((error) => {
    answer = null;
    throw error;
  });
  const { luts, png_luts_new: rows } = await answer;
  return luts.map((lut) => ({ name: lut.name, row: lut.png_index_new, rows: rows.length }));
}

/** Background that shows one row of the sample sheet stretched over `element`. */
export function paintSample(element, lut, gateway, height) {
  element.style.backgroundImage = `url("${gateway}/luts_png/")`;
  element.style.backgroundSize = `100% ${lut.rows * height}px`;
  element.style.backgroundPosition = `0 ${-lut.row * height}px`;
}
