// Ce que partagent les figures vivantes : éléments, contrôles étiquetés, nombres écrits à la française.

function creer(nom, attributs, ...enfants) {
  const dessin = /^(svg|g|rect|text|line|path|circle)$/.test(nom);
  const e = dessin ? document.createElementNS('http://www.w3.org/2000/svg', nom) : document.createElement(nom);
  for (const [cle, valeur] of Object.entries(attributs || {})) {
    if (typeof valeur === 'function') e.addEventListener(cle, valeur);
    else e.setAttribute(cle, valeur);
  }
  e.append(...enfants);
  return e;
}

function nombre(x, decimales = 0) {
  const texte = x.toLocaleString('fr-FR', {maximumFractionDigits: decimales});
  return texte.replace(/\s/g, '\u00a0').replace('-', '\u2212');
}

// JupyterLab prendrait les flèches du clavier sans l'attribut data-lm-suppress-shortcuts.
function controle(nom, attributs, ...enfants) {
  return creer(nom, {'data-lm-suppress-shortcuts': 'true', ...attributs}, ...enfants);
}

function liste(titre, options, valeur, change) {
  const choix = options.map((texte, rang) => creer('option', {value: rang}, texte));
  const e = controle('select', {change: () => change(+e.value)}, ...choix);
  e.value = valeur;
  return creer('label', {}, titre, e);
}

function glissiere(titre, mini, maxi, valeur, change) {
  const lu = creer('b', {}, valeur);
  const e = controle('input', {type: 'range', min: mini, max: maxi, value: valeur,
    input: () => { lu.textContent = e.value; change(+e.value); }});
  const etiquette = creer('label', {}, creer('span', {}, titre + '\u00a0: ', lu), e);
  // Borne et position suivent un réglage voisin.
  etiquette.regler = (haut, v) => { e.max = haut; e.value = v; lu.textContent = v; };
  return etiquette;
}

function bouton(texte, clic) {
  return controle('button', {type: 'button', click: clic}, texte);
}

function texte(x, y, contenu, attributs) {
  return creer('text', {x, y, 'text-anchor': 'middle', fill: 'currentColor', ...attributs}, contenu);
}

function monterTous(nom, monter) {
  for (const el of document.querySelectorAll('.vivant[data-nom=' + nom + ']:not(.actif)')) {
    const scene = creer('div', {class: 'scene', role: 'group', 'aria-label': el.dataset.titre});
    monter(scene, JSON.parse(el.dataset.params));
    el.append(scene);
    el.classList.add('actif');
  }
}
