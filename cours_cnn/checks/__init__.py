"""Vérifications immédiates des exercices : un module par exercice, qui offre ``verifier``, ``indice`` et ``bilan``.

``message`` met en forme ce que l'étudiant lit, ``running`` exécute ses fonctions sans risque, ``reading`` lit ce
qu'elles rendent, ``base`` réunit le tout.
"""
