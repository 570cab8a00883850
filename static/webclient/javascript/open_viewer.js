/** The full viewer in a new tab. UI-TREE-04, UI-CEN-10. */

export function viewerUrl(imageId, datasetId) {
  const url = `${window.WEBCLIENT.URLS.webindex}img_detail/${imageId}/`;
  return datasetId ? `${url}?dataset=${datasetId}` : url;
}

export function openViewer(imageId, datasetId) {
  window.open(viewerUrl(imageId, datasetId), "_blank");
}
