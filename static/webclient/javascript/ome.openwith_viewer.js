// URL of the opener "Image viewer": the page's own viewer. contract/plugins.md, section 7.4.
OME.setOpenWithUrlProvider(
  "Image viewer",
  (selected) => `${WEBCLIENT.URLS.webindex}img_detail/${selected[0].id}/`,
);
