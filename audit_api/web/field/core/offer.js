// Hands a file to the person: a download, which phones put among their files.

/**
 * @param {Blob} blob
 * @param {string} name without the ending where the blob knows its kind
 */
export function offer(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = /\.\w+$/.test(name) ? name : `${name}${blob.type === 'application/zip' ? '.zip' : '.json'}`;
  document.body.append(link);
  link.click();
  link.remove();
  // Safari reads the address after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
