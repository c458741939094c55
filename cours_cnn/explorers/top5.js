// Top-1, top-5 : modifier les réponses d'un classifieur et voir les erreurs bouger.

// Le rang de la vraie classe ; un ex æquo compte contre le réseau.
function rang(scores, vrai) {
  return scores.filter((s) => s >= scores[vrai]).length;
}

function erreur(table, vrais, k) {
  return table.filter((scores, i) => rang(scores, vrais[i]) > k).length / table.length;
}

// Donne la probabilité v à la vraie classe et partage le reste dans les mêmes proportions.
function ajuster(scores, vrai, v) {
  const reste = scores.reduce((a, b) => a + b) - scores[vrai];
  return scores.map((s, c) => c === vrai ? v : s * (1 - v) / reste);
}

function monter(el, params) {
  const {classes, vrais} = params, depart = params.scores.map((ligne) => ligne.map((s) => s / 100));
  const e = {table: depart, k: 5, i: 1, tri: 0}, dit = creer('p', {'aria-live': 'polite'});
  const cadre = creer('div', {style: 'overflow-x:auto', tabindex: 0, role: 'group', 'aria-label': 'réponses du classifieur'});
  const part = glissiere('probabilité de sa vraie classe (%)', 1, 99, 1, (v) => {
    e.table = e.table.map((s, i) => i === e.i ? ajuster(depart[i], vrais[i], v / 100) : s);
    montrer();
  });

  function montrer() {
    const rangs = e.table.map((s, i) => rang(s, vrais[i])), ordre = [...rangs.keys()];
    if (e.tri) ordre.sort((a, b) => rangs[a] - rangs[b]);
    part.regler(99, Math.round(100 * e.table[e.i][vrais[e.i]]));
    const bord = 'padding:.1rem .35rem;text-align:left;white-space:nowrap';
    cadre.replaceChildren(creer('table', {}, creer('thead', {}, creer('tr', {}, ...['image', 'rang', ...classes.map((_, c) => c + 1 + 'e')]
      .map((t) => creer('th', {style: bord}, t)))), creer('tbody', {}, ...ordre.map((i) => {
      const suite = [...classes.keys()].sort((a, b) => e.table[i][b] - e.table[i][a]);
      return creer('tr', {style: i === e.i ? 'outline:2px solid var(--vif)' : ''}, creer('td', {style: bord}, i + 1 + '. ' + classes[vrais[i]]),
        creer('td', {style: bord}, rangs[i]), ...suite.map((c, q) => creer('td', {style: bord + (c === vrais[i] ? ';background:var(--doux);font-weight:700' : '')
          + (q + 1 === e.k ? ';border-right:2px solid currentColor' : '')}, classes[c] + ' ' + nombre(100 * e.table[i][c]))));
    }))));
    const dire = (k) => 'top-' + k + '\u00a0: ' + nombre(100 * erreur(e.table, vrais, k), 1) + '\u00a0% d\u2019erreur';
    dit.textContent = [...new Set([1, e.k])].map(dire).join(' ; ') + '. Image ' + (e.i + 1) + ', ' + classes[vrais[e.i]] + '\u00a0: rang ' + rangs[e.i] + '.';
  }

  const regler = (cle) => (v) => { e[cle] = v; montrer(); };
  el.append(creer('div', {class: 'reglages'}, glissiere('k', 1, classes.length, 5, regler('k')),
    liste('ordre des images', ['numéro', 'rang de la vraie classe'], 0, regler('tri')),
    liste('image à modifier', vrais.map((v, i) => i + 1 + '. ' + classes[v]), 1, regler('i')), part,
    bouton('revenir au départ', () => { e.table = depart; montrer(); })), cadre, dit);
  montrer();
}
