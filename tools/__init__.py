"""Outils des auteurs du cours : ré-exécuter, mettre en forme et vérifier les notebooks et les pages."""
