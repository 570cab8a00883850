// The OME namespace with the small functions that any page with this script offers to plug-ins.
// contract/plugins.md, sections 7.1 and 7.7.

var OME = window.OME || {};

OME.openPopup = function (url) {
  window.open(url, "", "height=600,width=850,scrollbars=yes,resizable=yes");
  return false;
};

OME.openCenteredWindow = function (url, width, height) {
  const w = width || 550;
  const h = height || 600;
  const left = Math.max(0, (window.screen.width - w) / 2);
  const top = Math.max(0, (window.screen.height - h) / 2);
  window.open(url, "_blank", `height=${h},width=${w},left=${left},top=${top},scrollbars=yes,resizable=yes`);
  return false;
};

OME.getURLParameter = function (key) {
  const found = new RegExp(`[?&]${key}=([^&#]*)`).exec(window.location.search);
  return found ? found[1] : false;
};

/** White text is readable on this colour: "RRGGBB" with or without #. */
OME.isDark = function (color) {
  const hex = color.replace("#", "");
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(hex.substr(at, 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 < 140;
};

/** "YYYY-MM-DD HH:MM:SS" in the browser's local time. */
OME.formatDate = function (value) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return "";
  const two = (number) => String(number).padStart(2, "0");
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
};

/** Turn web addresses and "Image ID: 5" in the text of these elements into links. */
OME.linkify_element = function (elements) {
  const pattern =
    /(https?:\/\/[^\s<>"]+)|\b(image|dataset|project|screen|plate|well|run|roi|fileset|tag)(?:\s+id)?\s*[:-]\s*(\d+)/gi;
  const base = window.WEBCLIENT ? window.WEBCLIENT.URLS.webindex : "/webclient/";
  jQuery(elements).each(function () {
    const walker = document.createTreeWalker(this, NodeFilter.SHOW_TEXT, {
      acceptNode: (node) =>
        node.parentElement.closest("a, button, input, textarea")
          ? NodeFilter.FILTER_REJECT
          : NodeFilter.FILTER_ACCEPT,
    });
    const texts = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts) {
      const pieces = document.createDocumentFragment();
      let last = 0;
      for (const match of text.data.matchAll(pattern)) {
        const link = document.createElement("a");
        link.textContent = match[0];
        link.target = "_blank";
        link.rel = "noopener";
        link.href = match[1] || `${base}?show=${match[2].toLowerCase()}-${match[3]}`;
        pieces.append(text.data.slice(last, match.index), link);
        last = match.index + match[0].length;
      }
      if (last) {
        pieces.append(text.data.slice(last));
        text.replaceWith(pieces);
      }
    }
  });
};
