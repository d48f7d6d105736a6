/** The script of the map comes with the first page that has one: few pages do, and it is half as big as all the rest. */
import { onLoad } from "./dom";

onLoad("[data-map][data-script]", (frame) => {
  const address = frame.dataset.script ?? "";
  if (document.querySelector(`script[src="${CSS.escape(address)}"]`)) return;
  const script = document.createElement("script");
  script.src = address;
  document.head.append(script);
});
