/** Texts for sizes, dates and lengths. ui.md, UI-GEN-05, 06. */

const SIZES = ["B", "KB", "MB", "GB", "TB", "PB"];

export function fileSize(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(2)} ${SIZES[unit]}`;
}

const two = (number) => String(number).padStart(2, "0");

/** "YYYY-MM-DD HH:MM:SS" in local time. */
export function localTime(value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return String(value);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const LENGTHS = [
  ["km", 1e9],
  ["m", 1e6],
  ["cm", 1e4],
  ["mm", 1e3],
  ["µm", 1],
  ["nm", 1e-3],
  ["Å", 1e-4],
  ["pm", 1e-6],
];

/** The largest unit in which a length (in µm) is at least one: [value, unit]. */
export function lengthWithUnit(micrometres) {
  const usable = LENGTHS.filter(([unit]) => unit !== "cm" && unit !== "Å");
  const [unit, factor] = usable.find(([, size]) => micrometres >= size) ?? usable.at(-1);
  return [micrometres / factor, unit];
}
