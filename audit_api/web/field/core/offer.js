// Hands a file to the person: a download, which phones put among their files.

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function offer(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Safari reads the address after the click has returned.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
