// Met en route la présentation, et réduit ce qui dépasserait la hauteur d'une diapositive.
"use strict";

// Les figures à manipuler gardent leurs touches : les flèches ne changent de diapositive qu'ailleurs.
const OUTILS = "input, select, textarea, button, summary, [role=grid], [role=slider], [tabindex]";

// Hauteur que prend le contenu, mesurée par son dernier bloc ; celle de la diapositive en est le plafond.
function reste(corps) {
  const dernier = corps.lastElementChild;
  return dernier ? corps.getBoundingClientRect().bottom - dernier.getBoundingClientRect().bottom : 0;
}

function ajuster(section) {
  const corps = section && section.querySelector(".corps");
  if (!corps) return;
  corps.style.zoom = "";
  for (let passage = 0; passage < 4 && (reste(corps) < 0 || corps.scrollWidth > corps.clientWidth + 1); passage += 1) {
    const haut = corps.getBoundingClientRect().height;
    const part = Math.min(Math.sqrt(haut / (haut - Math.min(0, reste(corps)))), corps.clientWidth / corps.scrollWidth);
    corps.style.zoom = Math.max(0.4, Number(corps.style.zoom || 1) * part * 0.98);
  }
  agrandir(corps);
}

// Un dessin ou une figure à manipuler plus petits que la place qui reste sont agrandis, au plus trois fois ; une image
// l'est au plus deux fois, pour que ses pixels ne se voient pas.
function agrandir(corps) {
  const dessins = corps.querySelectorAll(
    ["", " > .output"].flatMap(sortie => ["", " > .cours-dessin"].map(
      cadre => `:scope > .cell_output${sortie}${cadre} > :is(.vivant, svg, img)`)));
  if (dessins.length !== 1) return;
  const bloc = dessins[0].closest(".corps > .cell_output");
  bloc.style.zoom = "";
  if (dessins[0].tagName === "IMG" && !dessins[0].complete) return;
  const cadre = dessins[0].getBoundingClientRect(), page = corps.getBoundingClientRect();
  const vivant = dessins[0].classList.contains("vivant");   // elle prend toute la largeur, et s'y adapte
  const part = Math.min(vivant ? 1.6 : dessins[0].tagName === "IMG" ? 2 : 3, (cadre.height + reste(corps) * 0.95) / cadre.height,
                        vivant ? Infinity : page.width / cadre.width);
  if (part <= 1.05) return;
  bloc.style.zoom = part;
  // Plus grande, une figure à manipuler peut passer à la ligne : elle est réduite jusqu'à tenir.
  for (let zoom = part; zoom > 1 && reste(corps) < 0; zoom -= 0.1) bloc.style.zoom = Math.max(1, zoom - 0.1);
}

function franciser() {
  const noms = {left: "Diapositive précédente", right: "Diapositive suivante", up: "Diapositive au-dessus",
                down: "Diapositive au-dessous", prev: "Diapositive précédente", next: "Diapositive suivante"};
  for (const [sens, nom] of Object.entries(noms)) {
    for (const bouton of document.querySelectorAll(`.controls .navigate-${sens}`)) bouton.setAttribute("aria-label", nom);
  }
}

Reveal.initialize({
  width: 1280, height: 720, margin: 0.04, center: false, hash: true, slideNumber: "c/t", transition: "none",
  controlsTutorial: false, help: false, pdfSeparateFragments: false,
  keyboardCondition: () => !document.activeElement.closest(`.corps :is(${OUTILS})`),
}).then(() => {
  franciser();
  ajuster(Reveal.getCurrentSlide());
});
// Une image ne prend sa place qu'une fois chargée.
document.addEventListener("load", () => Reveal.isReady() && ajuster(Reveal.getCurrentSlide()), true);
Reveal.on("slidechanged", (evenement) => ajuster(evenement.currentSlide));
Reveal.on("pdf-ready", () => document.querySelectorAll(".slides section").forEach(ajuster));
