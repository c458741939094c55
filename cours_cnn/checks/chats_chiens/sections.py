"""Les sections du chapitre « Chats et chiens » auxquelles les vérifications renvoient."""

from __future__ import annotations

from cours_cnn.checks.message import Section

CLEANING = Section("chats_chiens", "Étape 3. Nettoyer, et en rendre compte")
PARTING = Section("chats_chiens", "Étape 4. Partager sans fuite")
BATCHES = Section("chats_chiens", "Étape 5. Des lots, et des images augmentées")
NETWORK = Section("chats_chiens", "Étape 6. Des repères, puis un petit réseau")
OVERFITTING = Section("chats_chiens", "Étape 7. Voir le surapprentissage, et le traiter")
REUSING = Section("chats_chiens", "Étape 8. Reprendre une base préentraînée")
JUDGING = Section("chats_chiens", "Étape 9. Le test, puis les erreurs une à une")
LOOKING = Section("chats_chiens", "Étape 11. Ce que le modèle regarde")

ALL = (CLEANING, PARTING, BATCHES, NETWORK, OVERFITTING, REUSING, JUDGING, LOOKING)
