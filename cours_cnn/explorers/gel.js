// Exactitude selon ce que l'on gèle : moyenne et étendue des graines, puis écart à « de zéro », graine par graine.

function resumer(valeurs) {
  return [valeurs.reduce((somme, v) => somme + v, 0) / valeurs.length, Math.min(...valeurs), Math.max(...valeurs)];
}

// Écart, graine par graine, entre deux régimes : les valeurs sont en millièmes, l'écart en points.
function ecarts(regime, temoin) {
  return regime.map((v, graine) => (v - temoin[graine]) / 10);
}

function monter(el, params) {
  const e = {x: 0, n: 0, r: 0}, vue = creer('div'), dit = creer('p', {'aria-live': 'polite'}), choix = creer('div', {style: 'display:contents'});
  const pourcent = (v) => nombre(v / 10, 1) + '\u00a0%', signe = (v) => (v > 0 ? '+' : '') + nombre(v, 1);
  const regler = (cle) => (v) => { e[cle] = v; montrer(); };

  function montrer() {
    const {n, r, par} = params.x[e.x], noms = Object.keys(r), bas = params.x[e.x].bas;
    const lignes = noms.map((nom) => [nom, ...resumer(r[nom][e.n])]);
    const x = (v) => 8 + 364 * (v - bas) / (1000 - bas), haut = 34 * noms.length;
    const svg = creer('svg', {viewBox: '0 0 380 ' + (haut + 26), width: 380, 'aria-hidden': 'true'});
    for (let v = bas; v <= 1000; v += 100) svg.append(creer('path', {d: 'M' + x(v) + ' 0v' + haut, stroke: 'currentColor', 'stroke-opacity': .15}),
      texte(x(v), haut + 16, nombre(v / 10), {'font-size': 11, 'text-anchor': v === bas ? 'start' : v === 1000 ? 'end' : 'middle'}));
    lignes.forEach(([nom, moyenne, mini, maxi], i) => {
      const y = 34 * i, vif = i === e.r ? 'var(--vif)' : 'currentColor';
      svg.append(texte(8, y + 13, nom, {'font-size': 12, 'text-anchor': 'start'}),
        creer('path', {d: 'M' + x(mini) + ' ' + (y + 23) + 'H' + x(maxi), stroke: vif, 'stroke-width': 3, 'stroke-opacity': .5}),
        creer('circle', {cx: x(moyenne), cy: y + 23, r: 4.5, fill: vif}));
    });
    vue.replaceChildren(svg);
    const [premier] = [...lignes].sort((a, b) => b[1] - a[1]), [moyenne, mini, maxi] = resumer(ecarts(r[noms[e.r]][e.n], r[noms[0]][e.n]));
    dit.textContent = n[e.n] + ' ' + par + '\u00a0: le plus haut en moyenne est «\u00a0' + premier[0] + '\u00a0» (' + pourcent(premier[1]) + '). '
      + (e.r ? '«\u00a0' + noms[e.r] + '\u00a0» moins «\u00a0' + noms[0] + '\u00a0», même graine\u00a0: ' + signe(moyenne) + ' points (de ' + signe(mini) + ' à ' + signe(maxi) + ').'
        : 'Choisissez un régime à comparer.');
  }

  function offrir() {
    const {n, r} = params.x[e.x], noms = Object.keys(r);
    e.n = Math.min(e.n, n.length - 1);
    e.r = Math.min(e.r, noms.length - 1);
    // L'expérience reste en place : la remplacer ôterait le clavier à qui vient de la choisir.
    choix.replaceChildren(liste('exemples de chaque classe', n, e.n, regler('n')), liste('régime à comparer', noms, e.r, regler('r')));
    montrer();
  }

  const experience = liste('expérience', params.x.map((une) => une.titre), 0, (v) => { e.x = v; offrir(); });
  el.append(creer('div', {class: 'reglages'}, experience, choix), vue, dit);
  offrir();
}
