// Les questions « Pour vous tester ». Sans ce script, on lit les réponses possibles et l'on déplie l'explication ; avec
// lui, on choisit, on sait aussitôt, et le score reste dans ce navigateur. Rien n'est envoyé.
"use strict";

const TITRE = "Réponse et explications";
const CLE = "cours-cnn:questions:" + location.pathname.split("/").slice(-2).join("/");

function lireScore() {
  try { return JSON.parse(localStorage.getItem(CLE)) || {}; } catch { return {}; }
}

function garderScore(score) {
  try { localStorage.setItem(CLE, JSON.stringify(score)); } catch { /* navigation privée : le score vit le temps de la page */ }
}

function creer(balise, proprietes = {}, ...enfants) {
  const noeud = Object.assign(document.createElement(balise), proprietes);
  noeud.append(...enfants);
  return noeud;
}

// Rend { énoncé, liste, explication, bonne } d'une question bien formée, null sinon.
function lireQuestion(explication) {
  const liste = explication.previousElementSibling, enonce = liste?.previousElementSibling;
  const bonne = explication.querySelector("strong")?.textContent.match(/^\(([a-z])\)$/)?.[1];
  if (!bonne || liste.tagName !== "UL" || enonce?.tagName !== "P") return null;
  if (![...liste.children].every((ligne) => /^\s*\([a-z]\)/.test(ligne.textContent))) return null;
  return {enonce, liste, explication, bonne};
}

// Change une liste de réponses en groupe de boutons ; appelle choisir(lettre) à chaque choix. Rend { montrer }.
function transformer({enonce, liste, explication, bonne}, rang, choisir) {
  const cadre = creer("fieldset", {className: "question"}, creer("legend", {}, ...enonce.childNodes));
  const verdict = creer("p", {className: "verdict"});
  verdict.setAttribute("role", "status");
  for (const ligne of liste.children) {
    const lettre = ligne.textContent.match(/\(([a-z])\)/)[1];
    const bouton = creer("input", {type: "radio", name: "question-" + rang, value: lettre});
    bouton.addEventListener("change", () => choisir(lettre));
    const texte = creer("span", {}, ...(ligne.querySelector("p") || ligne).childNodes);
    ligne.replaceChildren(creer("label", {}, bouton, texte));
  }
  enonce.replaceWith(cadre);
  cadre.append(liste, verdict);
  liste.classList.add("choix");
  const montrer = (lettre) => {
    for (const bouton of cadre.querySelectorAll("input")) bouton.checked = bouton.value === lettre;
    cadre.dataset.etat = !lettre ? "" : lettre === bonne ? "juste" : "faux";
    verdict.textContent = !lettre ? "" : lettre === bonne ? "Juste. L’explication est ouverte ci-dessous."
      : `Ce n’est pas (${lettre}). Essayez encore, ou ouvrez l’explication.`;
    if (lettre === bonne) explication.open = true;
  };
  return {montrer, bonne};
}

function installerQuestions() {
  const trouvees = [...document.querySelectorAll("article details")]
    .filter((details) => details.querySelector("summary")?.textContent.trim() === TITRE).map(lireQuestion);
  if (!trouvees.length || trouvees.includes(null)) return;
  let score = lireScore();
  const compte = creer("p", {className: "score"});
  compte.setAttribute("role", "status");
  const effacer = creer("button", {type: "button", className: "btn btn-sm cours-bouton", textContent: "Recommencer"});
  const questions = trouvees.map((question, rang) => transformer(question, rang, (lettre) => {
    score[rang] = {premier: score[rang]?.premier ?? lettre, dernier: lettre};
    garderScore(score);
    actualiser();
  }));
  const actualiser = () => {
    questions.forEach(({montrer}, rang) => montrer(score[rang]?.dernier));
    const faites = questions.filter((_, rang) => score[rang]).length;
    const justes = questions.filter(({bonne}, rang) => score[rang]?.dernier === bonne).length;
    const aussitot = questions.filter(({bonne}, rang) => score[rang]?.premier === bonne).length;
    compte.textContent = `${faites} sur ${questions.length} : ${justes} juste${justes > 1 ? "s" : ""}, dont ${aussitot} `
      + "du premier coup. Ce score ne quitte pas ce navigateur.";
    effacer.hidden = !faites;
  };
  effacer.addEventListener("click", () => {
    score = {};
    garderScore(score);
    for (const {explication} of trouvees) explication.open = false;
    actualiser();
  });
  trouvees.at(-1).explication.after(creer("div", {className: "bilan-questions"}, compte, effacer));
  actualiser();
}

document.addEventListener("DOMContentLoaded", installerQuestions);
