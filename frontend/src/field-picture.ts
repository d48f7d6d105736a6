/** Photos as they are kept on a phone: small enough for a weak line, and without where and when they were taken. */

const MOST_PIXELS = 3_000_000;
const MOST_BYTES = 2 * 2 ** 20;
const QUALITY = 0.85;
const SMALL = 144;

export interface Prepared {
  name: string;
  bytes: Blob;
  /** For the list; none of what is no picture, or of none that this browser can read. */
  small: Blob | null;
}

/** Raises what the browser raises for a file that it cannot read. */
export async function prepare(file: File, asItIs: boolean): Promise<Prepared> {
  // Read whole: what is only a reference to a file may be gone when it is sent.
  const whole = new Blob([await file.arrayBuffer()], { type: file.type });
  const kept = { name: file.name, bytes: whole, small: null };
  const picture = /^image\/(?!svg)/.test(file.type) || /\.(jpe?g|png|webp|avif|hei[cf]|bmp)$/i.test(file.name) ? await decoded(whole) : null;
  if (!picture) return kept;
  try {
    const small = await drawn(picture, Math.min(1, SMALL / Math.max(picture.width, picture.height)));
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (picture.width * picture.height)));
    const stays = asItIs || file.type === "image/gif" || (scale === 1 && whole.size <= MOST_BYTES && !(await tells(whole)));
    const made = stays ? null : await drawn(picture, scale);
    return made ? { name: file.name.replace(/(\.\w{1,5})?$/, ".jpg"), bytes: made, small } : { ...kept, small };
  } finally {
    picture.close();
  }
}

/** Upright, whatever the camera noted about how it was held; null for what this browser cannot read. */
async function decoded(bytes: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(bytes, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}

function drawn(picture: ImageBitmap, scale: number): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const onto = canvas.getContext("2d");
  if (!onto) return Promise.resolve(null);
  // What is see-through would turn black.
  onto.fillStyle = "white";
  onto.fillRect(0, 0, canvas.width, canvas.height);
  onto.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

/** Whether it carries what a camera notes, the place among it. */
async function tells(bytes: Blob): Promise<boolean> {
  const text = new TextDecoder("latin1").decode(await bytes.arrayBuffer());
  return /exif|ns\.adobe\.com\/xap/i.test(text);
}
