# Commandes du cours. Chacune n'appelle qu'un outil ; « make » seul en donne la liste.
# Réglages : PYTHON (interpréteur de départ), VENV (environnement), PORT (site servi), PROCESSUS (tests à la fois).

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
PY := $(VENV)/bin/python
SITE := _build/html
TEMOINS := $(VENV)/temoins
# CONTRAINTES= (vide) essaie les dernières versions au lieu des versions testées.
CONTRAINTES ?= constraints.txt
PIP := $(PY) -m pip install --disable-pip-version-check --quiet $(if $(CONTRAINTES),-c $(CONTRAINTES))

# Les tests se partagent déjà les cœurs : que TensorFlow s'y partage chaque calcul les ferait attendre l'un l'autre.
UN_FIL := TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
# Deux tests à la fois : sur deux cœurs, un troisième processus a porté la suite de 1 066 à 1 163 secondes.
PROCESSUS ?= 2

EXPERIENCES = $(patsubst cours_cnn/measured/%.json,%,$(wildcard cours_cnn/measured/*.json))

.DEFAULT_GOAL := aide
.PHONY: aide help site serve pdf test check notebooks exercices experiments bench depot verrou nettoyer clean

aide:  ## Affiche cette liste
	@echo "Cours « Architectures de CNN » — commandes :"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

help: aide

$(TEMOINS)/venv:
	@command -v $(PYTHON) >/dev/null || { echo "Python est introuvable. Installez Python 3.11 ou plus récent, ou indiquez-le : make PYTHON=/chemin/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 ou plus récent est nécessaire ; $$($(PYTHON) --version) a été trouvé. Indiquez-en un autre : make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Le module venv de Python est incomplet. Sous Debian ou Ubuntu : sudo apt install python3-venv"; exit 1; }
	@echo "Création de l'environnement $(VENV)…"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(TEMOINS) && touch $@

$(TEMOINS)/site: $(TEMOINS)/venv pyproject.toml $(CONTRAINTES)
	@echo "Installation de ce que demande le site (sans TensorFlow)…"
	@$(PIP) -e ".[site]"
	@touch $@

$(TEMOINS)/test: $(TEMOINS)/venv pyproject.toml $(CONTRAINTES)
	@echo "Installation de ce que demandent les tests, TensorFlow compris (quelques minutes la première fois)…"
	@$(PIP) -e ".[test]"
	@touch $@ $(TEMOINS)/site

site: $(TEMOINS)/site  ## Construit le site à partir des sorties enregistrées (SOLUTIONS=non : sans les corrigés)
	@echo "Construction du site ; tout avertissement est une erreur…"
	@$(PY) -m tools.site $(if $(filter non,$(SOLUTIONS)),--sans-corriges)
	@echo "Le site est prêt. Ouvrez $(CURDIR)/$(SITE)/index.html, ou lancez : make serve"

$(TEMOINS)/pdf: $(TEMOINS)/site
	@echo "Installation de ce que demande l'impression…"
	@$(PIP) -e ".[pdf]"
	@touch $@

pdf: site $(TEMOINS)/pdf  ## Imprime le cours dans _build/architectures-de-cnn.pdf (Chromium requis)
	@$(PY) -m tools.pdf

serve: site  ## Construit le site et le sert sur http://localhost:8000
	@echo "Le site est servi sur http://localhost:$(PORT) ; Ctrl+C pour arrêter."
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory $(SITE)

test: $(TEMOINS)/test  ## Lance tous les tests, notebooks et navigateur compris
	@$(PY) -m ruff check .
	@echo "Tous les tests, sur $(PROCESSUS) processus…"
	@$(UN_FIL) $(PY) -m pytest -n $(PROCESSUS) --durations=25 --durations-min=5 $(if $(SANS_NAVIGATEUR),-m "not navigateur")

check: $(TEMOINS)/test  ## Vérifie en moins d'une minute : style, tests rapides, hygiène des notebooks
	@$(PY) -m ruff check .
	@$(UN_FIL) $(PY) -m pytest tests -n 2 -m "not site and not navigateur and not lent"

notebooks: $(TEMOINS)/test  ## Exécute les notebooks sur place (FICHIERS=… pour n'en prendre que certains)
	@$(PY) -m tools.notebooks execute $(FICHIERS)

exercices: $(TEMOINS)/test  ## Produit exercises/ à partir de solutions/
	@$(PY) -m tools.exercices generer

experiments: $(TEMOINS)/test  ## Refait une partie des expériences longues et les compare aux résultats enregistrés
	@for name in $(EXPERIENCES); do echo "$$name…"; $(PY) -m experiments.$$name --verifier || exit 1; done

bench: $(TEMOINS)/test  ## Mesure la notation et la suite face à nbgrader, otter et nbval
	@$(PY) -m benchmarks

depot: $(TEMOINS)/site  ## Inscrit l'adresse du dépôt : make depot URL=https://github.com/organisation/depot
	@$(PY) -m tools.depot "$(URL)"

verrou: $(TEMOINS)/test  ## Récrit constraints.txt d'après l'environnement courant
	@$(PY) -m tools.verrou

nettoyer:  ## Efface le site construit et les fichiers temporaires (garde l'environnement)
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +
	@echo "Nettoyé. Pour effacer aussi l'environnement : rm -rf $(VENV)"

clean: nettoyer
