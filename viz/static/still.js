// Where scripts run an image becomes the drawing itself, in a root of its own: with tooltips, text to select and no style that leaks.
// A host may put the image into the page after this has run, so it looks again.
const raise = () => {
  for (const image of document.querySelectorAll("img.mg-picture")) {
    const bytes = Uint8Array.from(atob(image.src.split(",")[1]), (c) => c.charCodeAt(0));
    const box = document.createElement("div"), root = box.attachShadow({ mode: "open" });
    box.className = "mg-still";
    root.innerHTML = `${new TextDecoder().decode(bytes)}<style>@media print{svg{min-width:0!important;max-height:24cm}}</style>`;
    root.querySelector("svg").style.cssText = image.style.cssText;
    image.replaceWith(box);
  }
};
for (const wait of [0, 100, 500, 2000]) setTimeout(raise, wait);
