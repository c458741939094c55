// Le goulot : une 1 × 1 étroite devant une convolution coûteuse.

// MAC et paramètres (biais compris) sans goulot, de la 1 × 1 et de la k × k avec goulot ; plus grande largeur gagnante.
function couts(n, C, k, M, r) {
  const a = n * n;
  return {direct: a * k * k * C * M, reduction: a * C * r, suite: a * k * k * r * M, parametres: (k * k * C + 1) * M,
    parametresAvec: (C + 1) * r + (k * k * r + 1) * M, gagnante: Math.ceil(k * k * C * M / (C + k * k * M)) - 1};
}

function monter(el, params) {
  const e = {...params}, dit = creer('p', {'aria-live': 'polite'}), vue = creer('div');
  const regler = (cle) => (v) => { e[cle] = v; montrer(); };
  const largeur = glissiere('largeur du goulot', 1, e.C, e.r, regler('r'));

  function montrer() {
    e.r = Math.min(e.r, e.C);
    largeur.regler(e.C, e.r);
    const c = couts(e.n, e.C, e.k, e.M, e.r), avec = c.reduction + c.suite, f = 300 / Math.max(c.direct, avec);
    const barre = (y, x, v, plein) => creer('rect', {x: 110 + x * f, y, width: Math.max(1, v * f), height: 20, fill: 'var(--vif)', 'fill-opacity': plein});
    vue.replaceChildren(creer('svg', {viewBox: '0 0 420 66', width: 420, 'aria-hidden': 'true'},
      texte(0, 19, 'sans goulot', {'text-anchor': 'start'}), barre(4, 0, c.direct, 1),
      texte(0, 51, 'avec goulot', {'text-anchor': 'start'}), barre(36, 0, c.reduction, .45), barre(36, c.reduction, c.suite, 1)));
    dit.textContent = 'Sans goulot\u00a0: ' + nombre(c.direct) + ' MAC, ' + nombre(c.parametres) + ' paramètres. Avec ' + e.r + ' cartes\u00a0: '
      + nombre(c.reduction) + ' + ' + nombre(c.suite) + ' = ' + nombre(avec) + ' MAC, ' + nombre(c.parametresAvec) + ' paramètres\u00a0: '
      + nombre(100 * avec / c.direct, 1) + '\u00a0% du calcul.';
  }

  el.append(creer('div', {class: 'reglages'}, glissiere('côté des cartes', 7, 56, e.n, regler('n')),
    glissiere('cartes reçues', 16, 832, e.C, regler('C')), liste('noyau', ['3 × 3', '5 × 5', '7 × 7'], 1, (v) => { e.k = 2 * v + 3; montrer(); }),
    glissiere('cartes rendues', 16, 384, e.M, regler('M')), largeur), vue, dit);
  montrer();
}
