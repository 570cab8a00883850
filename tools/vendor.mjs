// Copy what the pages need from node_modules to static/vendor. Run by `make setup` after `npm ci`.
//
// static/vendor is git-ignored and made anew when package-lock.json or this file changes. A new library needs a line in
// package.json and one in FILES.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** [file or folder in node_modules, where it goes in static/vendor] */
const FILES = [
  ["jquery/dist/jquery.min.js", "jquery/jquery.min.js"],
  ["jquery/LICENSE.txt", "jquery/LICENSE.txt"],
  ["jquery-ui/dist/jquery-ui.min.js", "jquery-ui/jquery-ui.min.js"],
  ["jquery-ui/dist/themes/base/jquery-ui.min.css", "jquery-ui/jquery-ui.min.css"],
  ["jquery-ui/dist/themes/base/images", "jquery-ui/images"],
  ["jquery-ui/LICENSE.txt", "jquery-ui/LICENSE.txt"],
  ["jstree/dist/jstree.min.js", "jstree/jstree.min.js"],
  ["jstree/dist/themes", "jstree/themes"],
  ["jstree/LICENSE-MIT", "jstree/LICENSE-MIT"],
  ["ol/dist/ol.js", "ol/ol.js"],
  ["ol/ol.css", "ol/ol.css"],
  ["ol/LICENSE.md", "ol/LICENSE.md"],
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const target = join(root, "static", "vendor");

/** Changes when the libraries or the list of files do. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const file of [join(root, "package-lock.json"), fileURLToPath(import.meta.url)]) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function isCurrent(stamp) {
  const file = join(target, "fingerprint");
  return existsSync(file) && readFileSync(file, "utf8") === stamp;
}

function copyAll(stamp) {
  const partial = `${target}.part`;
  rmSync(partial, { recursive: true, force: true });
  for (const [from, to] of FILES) {
    const source = join(modules, from);
    if (!existsSync(source)) {
      console.error(`ERROR: ${from} is missing in node_modules; run "npm ci" and try again`);
      process.exit(1);
    }
    mkdirSync(dirname(join(partial, to)), { recursive: true });
    cpSync(source, join(partial, to), { recursive: statSync(source).isDirectory() });
  }
  writeFileSync(join(partial, "fingerprint"), stamp);
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  console.log(`static/vendor: ${FILES.length} files and folders copied`);
}

const stamp = fingerprint();
if (process.argv.includes("--check")) process.exit(isCurrent(stamp) ? 0 : 1);
if (!isCurrent(stamp)) copyAll(stamp);
