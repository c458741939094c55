// Retouches de page qu'aucun réglage du thème ne permet. Aucune requête, aucun état conservé.
"use strict";

// Une zone qui défile doit pouvoir être atteinte au clavier et dire ce qu'elle contient.
function rendreAtteignables() {
  const zones = document.querySelectorAll(
    ".formule-corps, .pst-scrollable-table-container, .output.text_html, .cell_output pre, .highlight pre");
  for (const zone of zones) {
    if (zone.scrollWidth > zone.clientWidth + 1) zone.tabIndex = 0;
    else zone.removeAttribute("tabindex");
  }
}

// Les extraits de la recherche montrent le texte de la page, sans sa barre d'outils.
function allegerExtraits() {
  if (typeof Search === "undefined" || !Search.htmlToText) return;
  const original = Search.htmlToText;
  Search.htmlToText = (page, ancre) =>
    original(page.replace(/<div class="bd-header-article[\s\S]*?(?=<article)/, ""), ancre);
}

document.addEventListener("DOMContentLoaded", allegerExtraits);
document.addEventListener("DOMContentLoaded", rendreAtteignables);
window.addEventListener("load", rendreAtteignables);
window.addEventListener("resize", rendreAtteignables);
